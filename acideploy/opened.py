"""What a workspace has, each part opened when it is first needed, and once."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from acideploy.attachment import Attachment, AzureChoice
from acideploy.clock import Clock
from acideploy.config.problem import Place, Problem
from acideploy.errors import AzureError, UnsupportedError
from acideploy.events import Emit, Noticed
from acideploy.parts import Parts, assemble, open_local
from acideploy.plan import Wanted

if TYPE_CHECKING:
    from acideploy.azure.open import Azure
    from acideploy.azure_services import AzureServices
    from acideploy.local_services import LocalServices
    from acideploy.targets.local.target import LocalTarget

    Services: TypeAlias = AzureServices | LocalServices


class Opened:
    """What `Workspace` puts its questions to, with its arguments. Nothing is contacted yet."""

    def __init__(
        self,
        directory: Path,
        *,
        working_directory: Path,
        clock: Clock,
        attachment: Attachment | None,
        azure_choice: AzureChoice | None,
        emit: Emit,
    ) -> None:
        self._directory = directory
        self._working_directory = working_directory
        self._clock = clock
        self._attachment = attachment
        self._azure_choice = azure_choice
        self._emit = emit

    @cached_property
    def azure(self) -> Azure | None:
        """The workspace in Azure; None where none is named."""
        if self._azure_choice is None:
            return None
        # The Azure SDK, which nothing local loads.
        from acideploy.azure.open import open_azure

        return open_azure(self._azure_choice, clock=self._clock)

    @cached_property
    def parts(self) -> Parts:
        """With the registry that is named, else that of the workspace in Azure, else none."""
        registry = self._attachment.registry if self._attachment else None
        if registry is None and self.azure is not None:
            registry = self.azure.workspace.registry
        return assemble(
            self._directory,
            registry=registry,
            clock=self._clock,
            azure=self._require_azure if self._azure_choice else None,
            emit=self._emit,
        )

    def _require_azure(self) -> Azure:
        assert self.azure is not None
        return self.azure

    @cached_property
    def local_target(self) -> LocalTarget:
        return open_local(self._directory, clock=self._clock)

    @cached_property
    def local_services(self) -> LocalServices:
        # Processes and containers, which are nothing to models and images.
        from acideploy.local_services import LocalServices

        return LocalServices(
            self.local_target,
            lambda: self.parts,
            directory=self._directory,
            working_directory=self._working_directory,
            clock=self._clock,
            emit=self._emit,
        )

    @cached_property
    def azure_services(self) -> AzureServices | None:
        """None where the folder is attached to nothing in Azure."""
        if self.azure is None:
            return None
        # The Azure SDK, which nothing local loads.
        from acideploy.azure_services import AzureServices

        return AzureServices(
            self.azure,
            self.parts,
            directory=self._directory,
            working_directory=self._working_directory,
            clock=self._clock,
            emit=self._emit,
        )

    def everywhere(self, compute_type: str | None = None) -> tuple[Services, ...]:
        """Those in Azure, where the folder is attached to it, and those on this machine."""
        kind = (compute_type or "").lower()
        azure = self.azure_services if kind != "local" else None
        here = self.local_services if kind != "aci" else None
        return tuple(services for services in (azure, here) if services)

    def services_for(self, wanted: Wanted) -> Services:
        """Those where a service is to run. Raises UnsupportedError."""
        if wanted.aci is None:
            return self.local_services
        if self.azure_services is None:
            raise UnsupportedError(
                "nothing says where in Azure to deploy to",
                hint="acideploy folder attach -w WORKSPACE -g RESOURCE_GROUP; "
                "or add `--compute-type local`",
            )
        return self.azure_services

    def services_with(self, name: str) -> Services:
        """Those that a service is one of; those on this machine where it is nowhere known."""
        return self.azure_services_with(name) or self.local_services

    def azure_services_with(self, name: str) -> AzureServices | None:
        """Those in Azure where the service is one, None where it is on this machine.

        The one in Azure is meant where there are two, as the retired tool meant it; that is said.
        Where Azure cannot be asked, the one on this machine is meant, unless a flag names the
        workspace: it needs no network and no login.
        """
        here = name in self.local_target.folders.names()
        by_flag = self._azure_choice is not None and self._azure_choice.is_by_flag
        try:
            azure = self.azure_services
            if azure is None or (here and not azure.has(name)):
                return None
        except AzureError as error:
            if not here or by_flag or error.status is not None:
                raise
            self._note(
                "azure-not-asked",
                f"service {name} on this machine is meant: {error.message}",
                hint=error.hint,
            )
            return None
        if here:
            self._note(
                "two-services",
                f"there is a service {name} on this machine, too: that in Azure is meant",
            )
        return azure

    def _note(self, code: str, message: str, *, hint: str | None = None) -> None:
        place = Place(file="--name")
        problem = Problem(code=code, severity="note", message=message, place=place, hint=hint)
        self._emit(Noticed(problem=problem))

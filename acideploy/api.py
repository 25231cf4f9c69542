"""The facade: everything a user can ask for, and the only place that puts the parts together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from acideploy.attachment import Attachment, AzureChoice, choose_azure, choose_registry
from acideploy.az_settings import az_folder
from acideploy.check_files import check_files
from acideploy.clock import Clock, SystemClock
from acideploy.config.problem import Problem
from acideploy.errors import ConflictError, NotFoundError
from acideploy.events import Emit, ignore
from acideploy.home import home
from acideploy.image import Compression
from acideploy.models import Model, ModelChanges, ModelDraft, ModelStore, parse_reference
from acideploy.opened import Opened
from acideploy.package import Package, package
from acideploy.parts import open_store
from acideploy.plan import Plan, Wanted
from acideploy.request import ConfigurationFiles, DeployRequest, PackageRequest, UpdateRequest
from acideploy.wanted import wanted_by, wanted_by_package

if TYPE_CHECKING:
    from acideploy.azure.open import Azure
    from acideploy.environment_lock import Locked
    from acideploy.environment_upgrade import Upgraded, UpgradeRequest
    from acideploy.prune import Pruned
    from acideploy.targets import Answer, Keys, Service, Terminal
    from acideploy.targets.aci.record import Revision

__all__ = [
    "ConfigurationFiles",
    "DeployRequest",
    "PackageRequest",
    "UpdateRequest",
    "Workspace",
    "home",
    "open_workspace",
]


class Workspace:
    """The services under `directory`, and the models there or in an attached registry.

    Relative paths are relative to `working_directory`. Every method raises AcideployError only.
    """

    def __init__(
        self,
        directory: Path,
        *,
        working_directory: Path,
        clock: Clock,
        attachment: Attachment | None = None,
        azure_choice: AzureChoice | None = None,
        emit: Emit = ignore,
    ) -> None:
        self.directory = directory
        self.attachment = attachment
        self.azure_choice = azure_choice
        self._working_directory = working_directory
        self._clock = clock
        self._emit = emit
        self._opened = Opened(
            directory,
            working_directory=working_directory,
            clock=clock,
            attachment=attachment,
            azure_choice=azure_choice,
            emit=emit,
        )

    @property
    def azure(self) -> Azure | None:
        """The workspace in Azure, which is asked for once; None where none is named."""
        return self._opened.azure

    # Checking.

    def check(
        self, files: ConfigurationFiles, *, models: Sequence[str] = ()
    ) -> tuple[Problem, ...]:
        """Everything that is wrong with the files, the script they name and the models.

        Of the two files, one may be checked alone.
        """
        found, missing = self._find_models(models)
        problems = check_files(
            files,
            directory=self._working_directory,
            leave_out=self.directory,
            judge=lambda wanted: self._judge_in_azure(replace(wanted, models=found)),
        )
        if any(problem.code == "needs-build" for problem in problems):
            # Few have to look for a container engine.
            from acideploy.targets.local.builder import judge_builds
            from acideploy.targets.local.engines import Engines

            problems = judge_builds(problems, Engines(os.environ))
        return (*problems, *missing)

    def _find_models(self, names: Sequence[str]) -> tuple[tuple[Model, ...], tuple[Problem, ...]]:
        """Those that there are, and what is to be said of the others."""
        found, missing = [], []
        for name in names:
            try:
                found.append(self._opened.parts.known_models.find(parse_reference(name)))
            except NotFoundError as error:
                missing.append(
                    Problem(
                        code="model-not-found",
                        severity="error",
                        message=error.message,
                        hint=error.hint,
                    )
                )
        return tuple(found), tuple(missing)

    # Models.

    def register_model(
        self, path: Path, draft: ModelDraft, *, compression: Compression = "none"
    ) -> Model:
        place = self._working_directory / path
        return self._store.register(place, draft, compression=compression, emit=self._emit)

    def copy_model(
        self, reference: str, *, source: str | None = None, target: str | None = None
    ) -> Model:
        """Copies a model between `local`, registries and, for None, this workspace.

        It keeps its version. Raises ConflictError where that is another model there.
        """
        given, taken = self._store_at(source), self._store_at(target)
        model = given.find(parse_reference(reference))
        return taken.add(model, given.layer(model).blob, emit=self._emit)

    def _store_at(self, place: str | None) -> ModelStore:
        if place is None:
            return self._store
        return open_store(self.directory, where=place, clock=self._clock)

    def package_model(self, request: PackageRequest) -> Package:
        """Makes the image that a service would run, and writes it where that asks for."""
        return package(
            self._wanted_package(request),
            request,
            parts=self._opened.parts,
            directory=self._working_directory,
            clock=self._clock,
            emit=self._emit,
        )

    def lock_environment(self, files: ConfigurationFiles, path: Path, *, write: bool) -> Locked:
        """Resolves an environment anew, and writes its lock to `path` where `write` says so."""
        from acideploy.environment_lock import lock_environment

        wanted = self._wanted_package(PackageRequest(files=files))
        place = self._working_directory / path
        return lock_environment(wanted.environment, place, write=write, emit=self._emit)

    def upgrade_environment(self, request: UpgradeRequest) -> Upgraded:
        """Proposes a conda file that can be resolved today, and writes it where asked to."""
        from acideploy.environment.channels import read_conda_settings
        from acideploy.environment_upgrade import upgrade_environment

        return upgrade_environment(
            request,
            directory=self._working_directory,
            settings=read_conda_settings(os.environ, home=Path.home()),
            emit=self._emit,
        )

    def list_models(self, name: str | None = None) -> tuple[Model, ...]:
        return self._store.list(name)

    def show_model(self, reference: str) -> Model:
        return self._store.find(parse_reference(reference))

    def update_model(self, reference: str, changes: ModelChanges) -> Model:
        return self._store.update(parse_reference(reference), changes)

    def delete_model(self, reference: str) -> Model:
        """Raises ConflictError where a service uses the model."""
        model = self.show_model(reference)
        places = self._opened.everywhere()
        users = [name for services in places for name in services.users_of(model.id)]
        if users:
            raise ConflictError(
                f"model {model.id} is used by service {', '.join(users)}",
                hint=f"acideploy service delete -n {users[0]}",
            )
        self._store.delete(parse_reference(model.id))
        return model

    def download_model(self, reference: str, directory: Path, *, overwrite: bool = False) -> Path:
        """Writes the registered file or folder into `directory` and returns its path there."""
        model = self.show_model(reference)
        target = self._working_directory / directory
        return self._store.unpack(model, target, overwrite=overwrite, emit=self._emit)

    # Services.

    def plan(self, request: DeployRequest) -> Plan:
        """What `deploy` would do. Changes nothing."""
        wanted = self._wanted(request)
        return self._opened.services_for(wanted).plan(wanted, request)

    def deploy(self, request: DeployRequest) -> Service:
        """Deploys a service, or with `overwrite` replaces it, and waits until it is healthy."""
        wanted = self._wanted(request)
        return self._opened.services_for(wanted).deploy(wanted, request)

    def update_service(self, request: UpdateRequest) -> Service:
        """Changes a deployed service, by a new revision where that is needed."""
        azure = self._opened.azure_services_with(request.name)
        if azure is None:
            return self._opened.local_services.update(request)
        again = azure.update(request)
        return self.deploy(again) if again else azure.show(request.name)

    def list_services(
        self, compute_type: str | None = None, *, brief: bool = False
    ) -> tuple[Service, ...]:
        """Those in Azure, where the folder is attached to it, and those on this machine.

        `compute_type` is `aci` or `local`, for those of one kind alone. `brief` leaves away what
        takes a look at each one's record: properties, environments.
        """
        places = self._opened.everywhere(compute_type)
        return tuple(service for services in places for service in services.list(brief=brief))

    def show_service(self, name: str, *, wait: bool = False) -> Service:
        """The service as it is now; with `wait`, one in Azure once it is healthy.

        Raises NotFoundError.
        """
        return self._opened.services_with(name).show(name, wait=wait)

    def diagnose_service(self, name: str) -> str:
        """That the service answers; raises the one cause where it does not."""
        return self._opened.services_with(name).diagnose(name)

    def service_history(self, name: str) -> tuple[Revision, ...]:
        """The revisions that were healthy once, newest first."""
        return self._opened.services_with(name).history(name)

    def roll_back(self, name: str, *, to: int | None = None) -> Service:
        """Makes an earlier revision the present one; its image is still in the registry."""
        return self._opened.services_with(name).roll_back(name, to=to)

    def score(self, name: str, body: bytes, *, content_type: str = "application/json") -> Answer:
        """What the service answers, whatever its status. Raises ScoringError where none answers."""
        return self._opened.services_with(name).score(name, body, content_type=content_type)

    def logs(
        self,
        name: str,
        *,
        lines: int = 5000,
        previous: bool = False,
        since: timedelta | None = None,
    ) -> str:
        """The last lines; of a service in Azure also only those that are no older than `since`."""
        return self._opened.services_with(name).logs(
            name, lines=lines, previous=previous, since=since
        )

    def follow_logs(self, name: str, *, lines: int = 10) -> Iterator[str]:
        """The last lines, then each as it is written, for as long as the service exists."""
        return self._opened.services_with(name).follow_logs(name, lines=lines)

    def execute(self, name: str, command: Sequence[str], terminal: Terminal) -> int:
        """Runs a command in the service's container, in a terminal; returns its exit code.

        One word is a line for the shell. Raises UnsupportedError for a service on this machine.
        """
        return self._opened.services_with(name).execute(name, command, terminal)

    def keys(self, name: str) -> Keys:
        """Raises UnsupportedError where the service asks for no key."""
        return self._opened.services_with(name).keys(name)

    def regenerate_key(self, name: str, *, which: str, value: str | None = None) -> Keys:
        """Makes a new `primary` or `secondary` key, or sets it to `value`, at once."""
        return self._opened.services_with(name).regenerate_key(name, which=which, value=value)

    def stop_service(self, name: str) -> Service:
        """Ends what runs; on this machine also a deploy that nobody waits for."""
        return self._opened.services_with(name).stop(name)

    def start_service(self, name: str) -> Service:
        return self._opened.services_with(name).start(name)

    def restart_service(self, name: str) -> Service:
        return self._opened.services_with(name).restart(name)

    def delete_service(self, name: str, *, purge: bool = False) -> None:
        """Ends what runs and removes the service; also a damaged one.

        With `purge` also the images that one in Azure has had. Raises NotFoundError where there is
        no such service on this machine; of one that is not in Azure, that is told.
        """
        self._opened.services_with(name).delete(name, purge=purge)

    # Cleaning up.

    def prune(self) -> Pruned:
        """Removes what no service uses: environments, and what images are made of."""
        # Only services on this machine need it.
        from acideploy.prune import prune

        return prune(self._opened.parts)

    # Inside.

    @property
    def _store(self) -> ModelStore:
        return self._opened.parts.store

    def _wanted(self, request: DeployRequest) -> Wanted:
        """Its models need not be here yet: a deploy that is refused brings none."""
        return wanted_by(
            request,
            store=self._opened.parts.known_models,
            directory=self._working_directory,
            leave_out=self.directory,
            choose_runtime=self._opened.local_target.choose_runtime,
            emit=self._emit,
        )

    def _wanted_package(self, request: PackageRequest) -> Wanted:
        return wanted_by_package(
            request,
            store=self._store,
            directory=self._working_directory,
            leave_out=self.directory,
            emit=self._emit,
        )

    def _judge_in_azure(self, wanted: Wanted) -> tuple[Problem, ...]:
        """What is wrong with a service for Azure, whatever it is called."""
        # The Azure SDK, which nothing local loads.
        from acideploy.targets.aci.judge import judge
        from acideploy.targets.aci.layers import known_size

        return judge(
            replace(wanted, name=wanted.name or "service"),
            self.azure,
            present=None,
            now=self._clock.now(),
            directory=self._working_directory,
            image_size=lambda: known_size(wanted, parts=self._opened.parts, compression="none"),
        )


def open_workspace(
    *,
    registry: str | None = None,
    azure: Mapping[str, str] | None = None,
    path: Path | None = None,
    emit: Emit = ignore,
) -> Workspace:
    """The workspace in `ACIDEPLOY_HOME`, else in the user's state directory.

    Its models and images are in `registry`; else in that of `ACIDEPLOY_REGISTRY`, else in that
    which the folder `path` (or the current one) is attached to, else in that of the workspace in
    Azure, else on this machine. `azure` names parts of that one, by the fields of AzureChoice.
    """
    folder = Path.cwd() if path is None else path
    flags = {**(azure or {}), **({"registry": registry} if registry else {})}
    choice = choose_azure(flags, os.environ, folder, az_folder(os.environ, home=Path.home()))
    return Workspace(
        home(),
        working_directory=Path.cwd(),
        clock=SystemClock(),
        attachment=choice.attachment if choice else choose_registry(registry, os.environ, folder),
        azure_choice=choice,
        emit=emit,
    )

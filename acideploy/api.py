"""The facade: everything a user can ask for, and the only place that puts the parts together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from acideploy.attachment import Attachment, AzureChoice, choose_azure, choose_registry
from acideploy.az_settings import az_folder
from acideploy.clock import Clock, SystemClock
from acideploy.config.problem import Place, Problem
from acideploy.environment.request import EnvironmentRequest
from acideploy.errors import (
    AcideployError,
    ConflictError,
    NotFoundError,
    ServiceFailedError,
    UnsupportedError,
)
from acideploy.events import Emit, Noticed, ignore
from acideploy.home import home, prices_file
from acideploy.image import Compression
from acideploy.models import Model, ModelChanges, ModelDraft, ModelStore, parse_reference
from acideploy.package import Package, package
from acideploy.parts import Parts, assemble, open_local, open_store
from acideploy.plan import Plan, Wanted, make_plan
from acideploy.request import ConfigurationFiles, DeployRequest, PackageRequest, UpdateRequest
from acideploy.wanted import check_given, tell, wanted_by, wanted_by_package

if TYPE_CHECKING:
    from acideploy.azure.open import Azure
    from acideploy.environment.local import LocalEnvironments
    from acideploy.environment_lock import Locked
    from acideploy.environment_upgrade import Upgraded, UpgradeRequest
    from acideploy.prune import Pruned
    from acideploy.targets import Answer, Keys, Service
    from acideploy.targets.aci.group import Pull
    from acideploy.targets.aci.record import Revision
    from acideploy.targets.aci.target import AciTarget
    from acideploy.targets.local.keys import KeyFile
    from acideploy.targets.local.target import LocalTarget

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
        self._working_directory = working_directory
        self._clock = clock
        self._emit = emit
        self.azure_choice = azure_choice

    @cached_property
    def azure(self) -> Azure | None:
        """The workspace in Azure, which is asked for once; None where none is named."""
        if self.azure_choice is None:
            return None
        # The Azure SDK, which nothing local loads.
        from acideploy.azure.open import open_azure

        return open_azure(self.azure_choice, clock=self._clock)

    @cached_property
    def _parts(self) -> Parts:
        """With the registry that is named, else that of the workspace in Azure, else none."""
        registry = self.attachment.registry if self.attachment else None
        if registry is None and self.azure is not None:
            registry = self.azure.workspace.registry
        return assemble(
            self.directory,
            registry=registry,
            clock=self._clock,
            azure=self._require_opened if self.azure_choice else None,
            emit=self._emit,
        )

    def _require_opened(self) -> Azure:
        assert self.azure is not None
        return self.azure

    @property
    def _store(self) -> ModelStore:
        return self._parts.store

    @property
    def _builder(self) -> LocalEnvironments:
        return self._parts.environments

    # Checking.

    def check(
        self, files: ConfigurationFiles, *, models: Sequence[str] = ()
    ) -> tuple[Problem, ...]:
        """Everything that is wrong with the files, the script they name and the models.

        Of the two files, one may be checked alone.
        """
        found: list[Model] = []
        missing: list[Problem] = []
        for name in models:
            try:
                found.append(self._store.find(parse_reference(name)))
            except NotFoundError as error:
                missing.append(
                    Problem(
                        code="model-not-found",
                        severity="error",
                        message=error.message,
                        hint=error.hint,
                    )
                )
        problems = check_given(
            files,
            directory=self._working_directory,
            leave_out=self.directory,
            judge=lambda wanted: self._judge_in_azure(replace(wanted, models=tuple(found))),
        )
        return (*problems, *missing)

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
        given, taken = (
            open_store(self.directory, where=place, clock=self._clock) if place else self._store
            for place in (source, target)
        )
        model = given.find(parse_reference(reference))
        return taken.add(model, given.layer(model).blob, emit=self._emit)

    def package_model(self, request: PackageRequest) -> Package:
        """Makes the image that a service would run, and writes it where that asks for."""
        wanted = wanted_by_package(
            request,
            store=self._store,
            directory=self._working_directory,
            leave_out=self.directory,
            emit=self._emit,
        )
        return package(
            wanted,
            request,
            parts=self._parts,
            directory=self._working_directory,
            clock=self._clock,
            emit=self._emit,
        )

    def lock_environment(self, files: ConfigurationFiles, path: Path, *, write: bool) -> Locked:
        """Resolves an environment anew, and writes its lock to `path` where `write` says so."""
        from acideploy.environment_lock import lock_environment

        wanted = wanted_by_package(
            PackageRequest(files=files),
            store=self._store,
            directory=self._working_directory,
            leave_out=self.directory,
            emit=self._emit,
        )
        return lock_environment(
            wanted.environment,
            self._working_directory / path,
            write=write,
            emit=self._emit,
        )

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
        users = (
            *(self._aci.users_of(model.id) if self._aci else ()),
            *self._target.users_of(model.id),
        )
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
        if wanted.aci:
            return self._plan_in_azure(wanted, request.compression)
        return self._plan(wanted, request.compression)

    def deploy(self, request: DeployRequest) -> Service:
        """Deploys a service, or with `overwrite` replaces it, and waits until it is healthy."""
        wanted = self._wanted(request)
        if wanted.aci:
            return self._deploy_to_azure(wanted, request)
        if request.rehearse:
            note = Problem(
                code="unused-flag",
                severity="note",
                message="a deploy to this machine is its own rehearsal",
                place=Place(file="--rehearse"),
            )
            self._emit(Noticed(problem=note))
        with self._target.changing(request.name, new=True):
            plan = self._plan(wanted, request.compression)
            plan.require_overwrite(request.overwrite)
            return self._carry_out(
                wanted, plan, compression=request.compression, wait=not request.no_wait
            )

    def update_service(self, request: UpdateRequest) -> Service:
        """Changes a deployed service, by a new revision where that is needed."""
        if aci := self._in_azure(request.name):
            from acideploy.targets.aci.update import update

            again = update(request, aci)
            return self.deploy(again) if again else aci.find(request.name)
        # Only services on this machine need it.
        from acideploy.update import is_only_described, wanted_by_update

        with self._target.changing(request.name):
            record = self._target.record(request.name)
            if record.current is None:
                raise AcideployError(
                    f"service {request.name} has never run and cannot be updated",
                    hint="deploy it again",
                )
            wanted = wanted_by_update(
                request,
                record.current,
                self._target.folder(request.name).files(record.current),
                store=self._store,
                directory=self._working_directory,
                leave_out=self.directory,
                choose_runtime=self._target.choose_runtime,
                emit=self._emit,
            )
            if is_only_described(request):
                return self._target.relabel(wanted)
            plan = self._plan(wanted, request.compression)
            return self._carry_out(
                wanted, plan, compression=request.compression, wait=not request.no_wait
            )

    def list_services(self) -> tuple[Service, ...]:
        """Those in Azure, where the folder is attached to it, and those on this machine."""
        return (*(self._aci.list() if self._aci else ()), *self._target.list())

    def show_service(self, name: str, *, wait: bool = False) -> Service:
        """The service as it is now; with `wait`, once it is healthy. Raises NotFoundError."""
        aci = self._in_azure(name)
        if aci is None:
            return self._target.find(name)
        if wait and (revision := aci.revision_of(aci.group(name))):
            aci.wait(revision, emit=self._emit)
        return aci.find(name)

    def diagnose_service(self, name: str) -> str:
        """That the service answers; raises the one cause where it does not."""
        if aci := self._in_azure(name):
            return aci.diagnose(name)
        service = self._target.find(name)
        if service.error:
            raise ServiceFailedError(f"service {name} is {service.state}: {service.error}")
        return f"service {name} is {service.state}"

    def service_history(self, name: str) -> tuple[Revision, ...]:
        """The revisions that were healthy once, newest first."""
        return self._require_azure(name).history(name)

    def roll_back(self, name: str, *, to: int | None = None) -> Service:
        """Makes an earlier revision the present one; its image is still in the registry."""
        from acideploy.targets.aci.rollback import roll_back

        aci = self._require_azure(name)
        return roll_back(aci, name, to=to, pull=self._pull(aci), clock=self._clock, emit=self._emit)

    def score(self, name: str, body: bytes, *, content_type: str = "application/json") -> Answer:
        """What the service answers, whatever its status. Raises ScoringError where none answers."""
        return self._place(name).score(name, body, content_type=content_type)

    def logs(
        self,
        name: str,
        *,
        lines: int = 5000,
        previous: bool = False,
        since: timedelta | None = None,
    ) -> str:
        """The last lines; of a service in Azure also only those that are no older than `since`."""
        if aci := self._in_azure(name):
            if previous:
                raise UnsupportedError(
                    "Azure keeps no log of an earlier run",
                    hint="a deploy that fails shows it while it is there",
                )
            return aci.logs(name, lines=lines, since=since)
        if since is not None:
            self._target.find(name)
            raise UnsupportedError(
                f"the log of service {name}, on this machine, has no times",
                hint=f"acideploy service get-logs -n {name} --tail 100",
            )
        return self._target.logs(name, lines=lines, previous=previous)

    def follow_logs(self, name: str, *, lines: int = 10) -> Iterator[str]:
        """The last lines, then each as it is written, for as long as the service exists."""
        return self._place(name).follow_logs(name, lines=lines)

    def execute(
        self,
        name: str,
        command: Sequence[str],
        *,
        rows: int,
        columns: int,
        write: Callable[[bytes], None],
    ) -> int:
        """Runs a command in the service's container, in a terminal; returns its exit code.

        One word is a line for the shell. Raises UnsupportedError for a service on this machine.
        """
        if aci := self._in_azure(name):
            from acideploy.targets.aci.execute import execute

            return execute(aci, name, command, rows=rows, columns=columns, write=write)
        where = self._target.find(name).container
        raise UnsupportedError(
            f"service {name} is on this machine, where its own tools are at hand",
            hint=f"docker exec {where} ..." if where else f"acideploy service show -n {name}",
        )

    def keys(self, name: str) -> Keys:
        """Raises UnsupportedError where the service asks for no key."""
        aci = self._in_azure(name)
        return aci.keys(name) if aci else self._key_file(name).require()

    def regenerate_key(self, name: str, *, which: str, value: str | None = None) -> Keys:
        """Makes a new `primary` or `secondary` key, or sets it to `value`, at once."""
        if aci := self._in_azure(name):
            return aci.regenerate_key(name, which, value, pull=self._pull(aci), emit=self._emit)
        with self._target.changing(name):
            self._key_file(name)
            return self._target.regenerate_key(name, which, value)

    def stop_service(self, name: str) -> Service:
        """Ends the process; also a deploy that nobody waits for."""
        if aci := self._in_azure(name):
            return aci.stop(name)
        with self._target.changing(name, at_once=True):
            return self._target.stop(name)

    def start_service(self, name: str) -> Service:
        if aci := self._in_azure(name):
            return aci.start(name, emit=self._emit)
        with self._target.changing(name):
            self._ensure_environment(name)
            return self._target.start(name, emit=self._emit)

    def restart_service(self, name: str) -> Service:
        if aci := self._in_azure(name):
            return aci.restart(name, emit=self._emit)
        with self._target.changing(name):
            self._ensure_environment(name)
            self._target.stop(name)
            return self._target.start(name, emit=self._emit)

    def delete_service(self, name: str, *, purge: bool = False) -> None:
        """Ends the process and removes the service; also a damaged one.

        With `purge` also the images that one in Azure has had. Raises NotFoundError where there is
        no such service on this machine; of one that is not in Azure, that is told.
        """
        if aci := self._in_azure(name):
            from acideploy.targets.aci.removal import remove

            remove(aci, name, purge=purge, clock=self._clock, emit=self._emit)
        else:
            self._target.delete(name)

    # Cleaning up.

    def prune(self) -> Pruned:
        """Removes what no service uses: environments, and what images are made of."""
        # Only services on this machine need it.
        from acideploy.prune import prune

        return prune(self._parts)

    # Inside.

    @cached_property
    def _target(self) -> LocalTarget:
        return open_local(self.directory, clock=self._clock)

    @cached_property
    def _aci(self) -> AciTarget | None:
        """None where the folder is attached to nothing in Azure."""
        if self.azure is None:
            return None
        # The Azure SDK, which nothing local loads.
        from acideploy.parts import open_aci

        return open_aci(self.azure, self._parts, directory=self.directory, clock=self._clock)

    def _in_azure(self, name: str) -> AciTarget | None:
        """The target where the service is in Azure, None where it is on this machine.

        The one in Azure is meant where there are two, as the retired tool meant it; that is said.
        """
        if self._aci is None:
            return None
        here = name in self._target.names()
        if here and self._aci.observe(name) is None:
            return None
        if here:
            note = Problem(
                code="two-services",
                severity="note",
                message=f"there is a service {name} on this machine, too: that in Azure is meant",
                place=Place(file="--name"),
            )
            self._emit(Noticed(problem=note))
        return self._aci

    def _require_azure(self, name: str) -> AciTarget:
        if aci := self._in_azure(name):
            return aci
        self._target.find(name)
        raise UnsupportedError(
            f"service {name} is on this machine, which keeps one revision",
            hint=f"acideploy service update -n {name} ..., with what it was before",
        )

    def _place(self, name: str) -> AciTarget | LocalTarget:
        return self._in_azure(name) or self._target

    def _pull(self, aci: AciTarget) -> Pull:
        from acideploy.targets.aci.pull import choose_pull

        return choose_pull(
            aci.azure, secrets=aci.secrets, login=self._parts.login, clock=self._clock
        )

    def _attached(self) -> AciTarget:
        if self._aci is None:
            raise UnsupportedError(
                "nothing says where in Azure to deploy to",
                hint="acideploy folder attach -w WORKSPACE -g RESOURCE_GROUP; "
                "or add `--compute-type local`",
            )
        return self._aci

    def _judge_in_azure(self, wanted: Wanted) -> tuple[Problem, ...]:
        """What is wrong with a service for Azure, whatever it is called."""
        from acideploy.targets.aci.judge import judge
        from acideploy.targets.aci.layers import known_size

        return judge(
            replace(wanted, name=wanted.name or "service"),
            self.azure,
            present=None,
            now=self._clock.now(),
            directory=self._working_directory,
            image_size=lambda: known_size(wanted, parts=self._parts, compression="none"),
        )

    def _plan_in_azure(self, wanted: Wanted, compression: Compression) -> Plan:
        from acideploy.targets.aci.comparison import compare
        from acideploy.targets.aci.preview import preview

        aci = self._attached()
        return preview(
            wanted,
            compare(wanted, aci),
            target=aci,
            parts=self._parts,
            compression=compression,
            cache=prices_file(self.directory),
            clock=self._clock,
            emit=self._emit,
        )

    def _deploy_to_azure(self, wanted: Wanted, request: DeployRequest) -> Service:
        from acideploy.targets.aci.comparison import compare
        from acideploy.targets.aci.deploy import deploy
        from acideploy.targets.aci.judge import judge
        from acideploy.targets.aci.layers import known_size

        aci = self._attached()
        comparison = compare(wanted, aci)
        comparison.require_overwrite(wanted.name, request.overwrite)
        if not comparison.keeps:
            problems = judge(
                wanted,
                aci.azure,
                present=comparison.present,
                now=self._clock.now(),
                directory=self._working_directory,
                image_size=lambda: known_size(
                    wanted, parts=self._parts, compression=request.compression
                ),
                emit=self._emit,
            )
            tell(problems, strict=request.files.strict, emit=self._emit)
        if request.rehearse and not comparison.keeps:
            from acideploy.rehearsal import rehearse

            rehearse(
                wanted,
                sample=request.sample,
                parts=self._parts,
                compression=request.compression,
                clock=self._clock,
                emit=self._emit,
            )
        return deploy(
            wanted,
            comparison,
            target=aci,
            parts=self._parts,
            compression=request.compression,
            wait=not request.no_wait,
            clock=self._clock,
            emit=self._emit,
        )

    def _wanted(self, request: DeployRequest) -> Wanted:
        return wanted_by(
            request,
            store=self._store,
            directory=self._working_directory,
            leave_out=self.directory,
            choose_runtime=self._target.choose_runtime,
            emit=self._emit,
        )

    def _plan(self, wanted: Wanted, compression: Compression) -> Plan:
        return make_plan(
            wanted,
            environment_exists=self._parts.has_environment(wanted, compression),
            present=self._target.present(wanted.name),
        )

    def _ensure_environment(self, name: str) -> None:
        """Makes the environment of a service again if its cache was cleared."""
        current = self._target.record(name).current
        if current and current.runtime == "process":
            request = EnvironmentRequest.from_json(current.environment_request)
            self._builder.ensure(request, emit=self._emit)

    def _key_file(self, name: str) -> KeyFile:
        current = self._target.record(name).current
        if current is None or not current.auth_enabled:
            raise UnsupportedError(
                f"service {name} asks for no key",
                hint=f"acideploy service update -n {name} --auth-enabled true",
            )
        return self._target.folder(name).key_file(current)

    def _carry_out(
        self, wanted: Wanted, plan: Plan, *, compression: Compression, wait: bool
    ) -> Service:
        # Only services on this machine need it.
        from acideploy.deploy import deploy

        return deploy(
            wanted,
            plan,
            parts=self._parts,
            compression=compression,
            wait=wait,
            clock=self._clock,
            emit=self._emit,
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

"""What a user can ask of the services on this machine, each change under the service's lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from acideploy.clock import Clock
from acideploy.config.problem import Place, Problem
from acideploy.deploy import deploy
from acideploy.environment.local import LocalEnvironments
from acideploy.environment.request import EnvironmentRequest
from acideploy.errors import AcideployError, ServiceFailedError, UnsupportedError
from acideploy.events import Emit, Noticed
from acideploy.home import environments_directory
from acideploy.image import Compression
from acideploy.parts import Parts
from acideploy.plan import Plan, Wanted, make_plan
from acideploy.request import DeployRequest, UpdateRequest
from acideploy.targets import Answer, Keys, Service, Terminal
from acideploy.targets.local.key_file import KeyFile
from acideploy.targets.local.target import LocalTarget
from acideploy.update import is_only_described, wanted_by_update
from acideploy.wanted import with_models_here

if TYPE_CHECKING:
    from acideploy.targets.aci.record import Revision


class LocalServices:
    """`parts` are those of the workspace, opened by the few that make something.

    Relative paths are relative to `working_directory`; what is below `directory` is no code.
    """

    def __init__(
        self,
        target: LocalTarget,
        parts: Callable[[], Parts],
        *,
        directory: Path,
        working_directory: Path,
        clock: Clock,
        emit: Emit,
    ) -> None:
        self._target = target
        self._parts = parts
        self._directory = directory
        self._working_directory = working_directory
        self._clock = clock
        self._emit = emit

    # Deploying.

    def plan(self, wanted: Wanted, request: DeployRequest) -> Plan:
        return self._plan(wanted, request.compression)

    def deploy(self, wanted: Wanted, request: DeployRequest) -> Service:
        if request.rehearse:
            note = Problem(
                code="unused-flag",
                severity="note",
                message="a deploy to this machine is its own rehearsal",
                place=Place(file="--rehearse"),
            )
            self._emit(Noticed(problem=note))
        wanted = with_models_here(wanted, self._parts().store)
        with self._target.changing(request.name, new=True):
            plan = self._plan(wanted, request.compression)
            plan.require_overwrite(request.overwrite)
            return self._carry_out(wanted, plan, request)

    def update(self, request: UpdateRequest) -> Service:
        with self._target.changing(request.name):
            record = self._target.folders.record(request.name)
            if record.current is None:
                raise AcideployError(
                    f"service {request.name} has never run and cannot be updated",
                    hint="deploy it again",
                )
            wanted = wanted_by_update(
                request,
                record.current,
                self._target.folders.folder(request.name).files(record.current),
                store=self._parts().store,
                directory=self._working_directory,
                leave_out=self._directory,
                choose_runtime=self._target.choose_runtime,
                emit=self._emit,
            )
            if is_only_described(request):
                return self._target.relabel(wanted)
            return self._carry_out(wanted, self._plan(wanted, request.compression), request)

    def _plan(self, wanted: Wanted, compression: Compression) -> Plan:
        return make_plan(
            wanted,
            environment_exists=self._parts().has_environment(wanted, compression),
            present=self._target.present(wanted.name),
        )

    def _carry_out(
        self, wanted: Wanted, plan: Plan, request: DeployRequest | UpdateRequest
    ) -> Service:
        return deploy(
            wanted,
            plan,
            parts=self._parts(),
            compression=request.compression,
            wait=not request.no_wait,
            clock=self._clock,
            emit=self._emit,
        )

    # Asking.

    def list(self, *, brief: bool = False) -> tuple[Service, ...]:
        """All of them; nothing is saved by `brief`."""
        return self._target.list()

    def users_of(self, model: str) -> tuple[str, ...]:
        return self._target.folders.users_of(model)

    def show(self, name: str, *, wait: bool = False) -> Service:
        """As it is now, whether it is waited for or not. Raises NotFoundError."""
        return self._target.find(name)

    def diagnose(self, name: str) -> str:
        service = self._target.find(name)
        if service.error:
            raise ServiceFailedError(
                f"service {name} is {service.state}: {service.error}",
                hint=f"acideploy service get-logs -n {name}",
            )
        return f"service {name} is {service.state}"

    def score(self, name: str, body: bytes, *, content_type: str) -> Answer:
        return self._target.score(name, body, content_type=content_type)

    def logs(self, name: str, *, lines: int, previous: bool, since: timedelta | None) -> str:
        if since is not None:
            self._target.find(name)
            raise UnsupportedError(
                f"the log of service {name}, on this machine, has no times",
                hint=f"acideploy service get-logs -n {name} --tail 100",
            )
        return self._target.logs(name, lines=lines, previous=previous)

    def follow_logs(self, name: str, *, lines: int) -> Iterator[str]:
        return self._target.follow_logs(name, lines=lines)

    def keys(self, name: str) -> Keys:
        return self._key_file(name).require()

    def _key_file(self, name: str) -> KeyFile:
        current = self._target.folders.record(name).current
        if current is None or not current.auth_enabled:
            raise UnsupportedError(
                f"service {name} asks for no key",
                hint=f"acideploy service update -n {name} --auth-enabled true",
            )
        return self._target.folders.folder(name).key_file(current)

    # Changing.

    def regenerate_key(self, name: str, *, which: str, value: str | None) -> Keys:
        with self._target.changing(name):
            self._key_file(name)
            return self._target.regenerate_key(name, which, value)

    def stop(self, name: str) -> Service:
        with self._target.changing(name, at_once=True):
            return self._target.stop(name)

    def start(self, name: str) -> Service:
        with self._target.changing(name):
            self._ensure_environment(name)
            return self._target.start(name, emit=self._emit)

    def restart(self, name: str) -> Service:
        with self._target.changing(name):
            self._ensure_environment(name)
            self._target.stop(name)
            return self._target.start(name, emit=self._emit)

    def _ensure_environment(self, name: str) -> None:
        """Makes the environment of a service again if its cache was cleared."""
        current = self._target.folders.record(name).current
        if current and current.runtime == "process":
            request = EnvironmentRequest.from_json(current.environment_request)
            # Not those of the parts: a registry, which may be Azure's, is nothing to them.
            kept = LocalEnvironments(environments_directory(self._directory), clock=self._clock)
            kept.ensure(request, emit=self._emit)

    def delete(self, name: str, *, purge: bool = False) -> None:
        """With `purge` or without: what is left of a service here, `prune` removes."""
        self._target.delete(name)

    # What only services in Azure have.

    def history(self, name: str) -> tuple[Revision, ...]:
        raise self._one_revision(name)

    def roll_back(self, name: str, *, to: int | None) -> Service:
        raise self._one_revision(name)

    def _one_revision(self, name: str) -> UnsupportedError:
        self._target.find(name)
        return UnsupportedError(
            f"service {name} is on this machine, which keeps one revision",
            hint=f"acideploy service update -n {name} ..., with what it was before",
        )

    def execute(self, name: str, command: Sequence[str], terminal: Terminal) -> int:
        where = self._target.find(name).container
        raise UnsupportedError(
            f"service {name} is on this machine, where its own tools are at hand",
            hint=f"docker exec {where} ..." if where else f"acideploy service show -n {name}",
        )

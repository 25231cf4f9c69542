"""What a user can ask of the services in Azure Container Instances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from acideploy.azure.open import Azure
from acideploy.clock import Clock
from acideploy.events import Emit
from acideploy.home import prices_file
from acideploy.parts import Parts, open_aci
from acideploy.plan import Plan, Wanted
from acideploy.request import DeployRequest, UpdateRequest
from acideploy.targets import Answer, Keys, Service, Terminal
from acideploy.targets.aci.comparison import compare
from acideploy.targets.aci.deploy import deploy
from acideploy.targets.aci.group import Pull
from acideploy.targets.aci.judge import judge
from acideploy.targets.aci.layers import known_size
from acideploy.targets.aci.preview import preview
from acideploy.targets.aci.pull import choose_pull
from acideploy.targets.aci.record import Revision
from acideploy.targets.aci.removal import remove
from acideploy.targets.aci.rollback import roll_back
from acideploy.targets.aci.settings import change_settings, is_of_settings
from acideploy.targets.aci.update import update
from acideploy.verdict import tell
from acideploy.wanted import with_models_here


class AzureServices:
    """`parts` are those of the workspace, whose registry has the images.

    Relative paths are relative to `working_directory`; `directory` keeps what is kept here.
    """

    def __init__(
        self,
        azure: Azure,
        parts: Parts,
        *,
        directory: Path,
        working_directory: Path,
        clock: Clock,
        emit: Emit,
    ) -> None:
        self._target = open_aci(azure, parts, directory=directory, clock=clock)
        self._parts = parts
        self._directory = directory
        self._working_directory = working_directory
        self._clock = clock
        self._emit = emit

    # Deploying.

    def plan(self, wanted: Wanted, request: DeployRequest) -> Plan:
        return preview(
            wanted,
            compare(wanted, self._target),
            target=self._target,
            parts=self._parts,
            compression=request.compression,
            cache=prices_file(self._directory),
            clock=self._clock,
            emit=self._emit,
        )

    def deploy(self, wanted: Wanted, request: DeployRequest) -> Service:
        """Everything that can be known to be wrong is told before anything is made."""
        comparison = compare(wanted, self._target)
        comparison.require_overwrite(wanted.name, request.overwrite)
        if not comparison.keeps:
            problems = judge(
                wanted,
                self._target.azure,
                present=comparison.present,
                now=self._clock.now(),
                directory=self._working_directory,
                image_size=lambda: known_size(
                    wanted, parts=self._parts, compression=request.compression
                ),
                emit=self._emit,
            )
            tell(problems, strict=request.files.strict, emit=self._emit)
            brought = with_models_here(wanted, self._parts.store)
            if brought is not wanted:
                wanted, comparison = brought, compare(brought, self._target)
            if request.rehearse:
                self._rehearse(wanted, request)
        return deploy(
            wanted,
            comparison,
            target=self._target,
            parts=self._parts,
            compression=request.compression,
            wait=not request.no_wait,
            clock=self._clock,
            emit=self._emit,
        )

    def _rehearse(self, wanted: Wanted, request: DeployRequest) -> None:
        # It runs a service on this machine, which few deploys to Azure do.
        from acideploy.rehearsal import rehearse

        rehearse(
            wanted,
            sample=request.sample,
            parts=self._parts,
            compression=request.compression,
            clock=self._clock,
            emit=self._emit,
        )

    def update(self, request: UpdateRequest) -> DeployRequest | None:
        """The deploy that makes the changes; None where they have been made without one."""
        if not is_of_settings(request):
            return update(request, self._target)
        change_settings(
            request,
            self._target,
            directory=self._working_directory,
            pull=self._pull,
            clock=self._clock,
            emit=self._emit,
        )
        return None

    # Asking.

    def has(self, name: str) -> bool:
        return self._target.observe(name) is not None

    def list(self, *, brief: bool = False) -> tuple[Service, ...]:
        return self._target.list(brief=brief)

    def users_of(self, model: str) -> tuple[str, ...]:
        return self._target.users_of(model)

    def show(self, name: str, *, wait: bool = False) -> Service:
        if wait and (revision := self._target.revision_of(self._target.group(name))):
            self._target.wait(revision, emit=self._emit)
        return self._target.find(name)

    def diagnose(self, name: str) -> str:
        return self._target.diagnose(name)

    def score(self, name: str, body: bytes, *, content_type: str) -> Answer:
        return self._target.score(name, body, content_type=content_type)

    def logs(self, name: str, *, lines: int, previous: bool, since: timedelta | None) -> str:
        return self._target.logs(name, lines=lines, previous=previous, since=since)

    def follow_logs(self, name: str, *, lines: int) -> Iterator[str]:
        return self._target.follow_logs(name, lines=lines)

    def execute(self, name: str, command: Sequence[str], terminal: Terminal) -> int:
        # A websocket, which nothing else needs.
        from acideploy.targets.aci.execute import execute

        return execute(self._target, name, command, terminal)

    def keys(self, name: str) -> Keys:
        return self._target.keys(name)

    def history(self, name: str) -> tuple[Revision, ...]:
        return self._target.history(name)

    # Changing.

    def roll_back(self, name: str, *, to: int | None) -> Service:
        return roll_back(
            self._target, name, to=to, pull=self._pull(), clock=self._clock, emit=self._emit
        )

    def regenerate_key(self, name: str, *, which: str, value: str | None) -> Keys:
        return self._target.regenerate_key(name, which, value, pull=self._pull(), emit=self._emit)

    def stop(self, name: str) -> Service:
        return self._target.stop(name)

    def start(self, name: str) -> Service:
        return self._target.start(name, emit=self._emit)

    def restart(self, name: str) -> Service:
        return self._target.restart(name, emit=self._emit)

    def delete(self, name: str, *, purge: bool = False) -> None:
        remove(self._target, name, purge=purge, clock=self._clock, emit=self._emit)

    def _pull(self) -> Pull:
        return choose_pull(
            self._target.azure,
            secrets=self._target.secrets,
            login=self._parts.login,
            clock=self._clock,
        )

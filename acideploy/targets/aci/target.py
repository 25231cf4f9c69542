"""Services in Azure Container Instances, each a container group of the workspace's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from acideploy.azure.open import Azure
from acideploy.clock import Clock
from acideploy.errors import AcideployError, NotFoundError, ServiceFailedError
from acideploy.events import Emit, Finished, Started, ignore
from acideploy.stopwatch import Stopwatch
from acideploy.targets import Answer, Keys, Service
from acideploy.targets.aci import confidential as kept_secrets
from acideploy.targets.aci import rollout
from acideploy.targets.aci.asked import diagnose, score
from acideploy.targets.aci.failure import Seen
from acideploy.targets.aci.group import DEPLOY_TAG, VERSION, Confidential, Pull
from acideploy.targets.aci.keys import ensure_keys, kept_keys, regenerate_key, require_auth
from acideploy.targets.aci.listed import list_services
from acideploy.targets.aci.logs import CrashLogs, followed_log, keep_crash, previous_log, recent_log
from acideploy.targets.aci.power import ask, run_again
from acideploy.targets.aci.put import body_of, put, tell_failed
from acideploy.targets.aci.record import RecordRegistry, Revision, Revisions
from acideploy.targets.aci.secrets import Secrets
from acideploy.targets.aci.turn import Allow
from acideploy.targets.aci.view import endpoint_of, is_moving, record_of, service_name, service_of


class AciTarget:
    """`registry` has the images and the records, `secrets` the keys. All may raise AzureError."""

    def __init__(
        self,
        azure: Azure,
        *,
        registry: RecordRegistry,
        secrets: Secrets,
        crash_logs: CrashLogs,
        clock: Clock,
    ) -> None:
        self.azure = azure
        self.secrets = secrets
        self.crash_logs = crash_logs
        self._registry = registry
        self._clock = clock

    # What there is.

    def path(self, name: str) -> str:
        return f"{self.azure.workspace.groups}/{self.azure.workspace.group_name(name)}"

    def revisions(self, name: str) -> Revisions:
        repository = f"services/{self.azure.workspace.group_name(name)}"
        return Revisions(self._registry, repository, clock=self._clock)

    def observe(self, name: str) -> Mapping[str, Any] | None:
        """The container group as it is now, also one of the retired tool; None for none."""
        found = self.azure.manager.get(self.path(name), VERSION)
        if found is None:
            for listed in self.azure.manager.list(self.azure.workspace.groups, VERSION):
                if service_name(listed) == name:
                    found = self.azure.manager.get(str(listed["id"]), VERSION)
        return found if found is None else dict(found)

    def group(self, name: str) -> Mapping[str, Any]:
        """Raises NotFoundError."""
        if found := self.observe(name):
            return found
        raise NotFoundError(
            f"there is no service {name!r} in resource group {self.azure.workspace.resource_group}",
            hint="acideploy service list",
        )

    def find(self, name: str) -> Service:
        group = self.group(name)
        return self.described(group, self.revision_of(group))

    def described(self, group: Mapping[str, Any], revision: Revision | None) -> Service:
        """The service of a group that was just looked at, and of what is written down of it."""
        return service_of(group, revision, self.azure.workspace)

    def revision_of(self, group: Mapping[str, Any]) -> Revision | None:
        """What is written down about what the group runs; None where nothing is."""
        digest, name = record_of(group), service_name(group)
        return self.revisions(name).read(digest) if digest and name else None

    def list(self, *, brief: bool = False) -> tuple[Service, ...]:
        """Every service, looked at at the same time: a list alone does not tell their states.

        `brief` leaves away what only records tell: properties, environments, descriptions.
        """
        return list_services(self, brief=brief)

    def users_of(self, model: str) -> tuple[str, ...]:
        return tuple(each.name for each in self.list(brief=True) if model in each.models)

    def history(self, name: str) -> tuple[Revision, ...]:
        """Every revision that was healthy once, newest first. Raises NotFoundError."""
        revisions = self.revisions(name)
        numbers = revisions.numbers()
        if not numbers:
            # Of a service that was deleted there may be a history still.
            self.group(name)
        read = (revisions.read(f"r{number}") for number in numbers)
        return tuple(revision for revision in read if revision)

    # What it is asked.

    def score(self, name: str, body: bytes, *, content_type: str) -> Answer:
        """Sends a scoring request, with the key where one is asked for. Raises ScoringError."""
        return score(self, name, body, content_type=content_type)

    def logs(
        self, name: str, *, lines: int, previous: bool = False, since: timedelta | None = None
    ) -> str:
        """The last lines, of the run before with `previous`; with `since` those no older."""
        group, manager = self.group(name), self.azure.manager
        if previous:
            kept = self.crash_logs.read(str(group["name"]))
            return previous_log(manager, group, kept, lines=lines)
        return recent_log(manager, group, lines=lines, since=since, clock=self._clock)

    def follow_logs(self, name: str, *, lines: int) -> Iterator[str]:
        """The last lines, then each new one."""
        group, manager = self.group(name), self.azure.manager
        return followed_log(manager, group, service=name, lines=lines, clock=self._clock)

    def diagnose(self, name: str) -> str:
        """Why the service does not answer. Raises that as an error; returns that it does."""
        return diagnose(self, name)

    # Its secrets.

    def keys(self, name: str) -> Keys:
        """Raises UnsupportedError where the service asks for none."""
        group = self.group(name)
        require_auth(self.revision_of(group), name)
        return kept_keys(self.secrets, str(group["name"]))

    def ensure_keys(self, group: str, *, primary: str | None, secondary: str | None) -> Keys:
        """Those that are given, else those that are kept, else new ones; they are kept then."""
        return ensure_keys(self.secrets, group, primary=primary, secondary=secondary)

    def regenerate_key(
        self, name: str, which: str, value: str | None, *, pull: Pull, emit: Emit = ignore
    ) -> Keys:
        """Replaces a key and changes the group in place: its container starts again."""
        return regenerate_key(self, name, which, value, pull=pull, clock=self._clock, emit=emit)

    def confidential(self, revision: Revision) -> Confidential:
        """The secrets of a revision. Raises StorageError that names those that are gone."""
        group = self.azure.workspace.group_name(revision.service)
        return kept_secrets.kept(self.secrets, group, revision)

    def keep(self, revision: Revision, secret: Confidential) -> None:
        """Keeps what a revision has of secrets, for rollbacks."""
        group = self.azure.workspace.group_name(revision.service)
        kept_secrets.keep(self.secrets, group, revision.number, secret)

    # What changes it.

    def apply(
        self,
        revision: Revision,
        tags: Mapping[str, str],
        *,
        pull: Pull,
        wait: bool,
        replacing: bool = False,
        confidential: Confidential | None = None,
        watch: Stopwatch | None = None,
        allow: Allow = lambda group: None,
        emit: Emit = ignore,
    ) -> Service:
        """Makes the group what the revision says, and waits until it answers.

        `replacing` deletes it first, for what Azure cannot change in place. `allow` raises where
        the group, as it is just before, is not to be changed.
        """
        secret = confidential or self.confidential(revision)
        body = body_of(self, revision, tags, pull=pull, confidential=secret, emit=emit)
        before = put(
            self, revision, body, replacing=replacing, allow=allow, clock=self._clock, emit=emit
        )
        watch = watch or Stopwatch(self._clock)
        watch.lap("container group")
        if not wait:
            return self.find(revision.service)
        try:
            group = self.wait(revision, before=before, deploy=tags.get(DEPLOY_TAG), emit=emit)
        except AcideployError as error:
            tell_failed(self, error, revision)
            raise
        watch.lap("pull, start")
        # A service that answers before Azure has noticed is looked at once more.
        return self.find(revision.service) if is_moving(group) else self.described(group, revision)

    def tag(self, group: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Changes the user's tags, which starts nothing anew."""
        own = {name: text for name, text in group["tags"].items() if name.startswith("acideploy.")}
        body = {"tags": {**tags, **own}}
        self.azure.manager.send("PATCH", str(group["id"]), VERSION, body=body)

    def wait(
        self,
        revision: Revision,
        *,
        before: Seen | None = None,
        deploy: str | None = None,
        emit: Emit = ignore,
    ) -> Mapping[str, Any]:
        """Waits until the service answers as this revision, which is confirmed then.

        Returns the group. `before` is it as it was: what it had seen by then is no news.
        """
        name = revision.service
        emit(Started(task="service", title=f"Service {name}"))
        try:
            group = rollout.wait_until_healthy(
                self.azure.manager,
                self.path(name),
                revision,
                before=before,
                deploy=deploy,
                clock=self._clock,
                emit=emit,
            )
        except BaseException as error:
            emit(Finished(task="service", outcome="failed"))
            if isinstance(error, ServiceFailedError):
                keep_crash(self.azure.manager, self.observe(name), self.crash_logs)
            raise
        if digest := record_of(group):
            self.revisions(name).confirm(digest, revision.number)
        endpoint = endpoint_of(group, revision)
        where = f"healthy at {endpoint.url}/score" if endpoint else "healthy"
        emit(Finished(task="service", outcome="done", detail=where))
        return group

    def stop(self, name: str) -> Service:
        ask(self, self.group(name), "stop", name)
        return self.find(name)

    def start(self, name: str, *, emit: Emit = ignore) -> Service:
        return run_again(self, name, "start", emit)

    def restart(self, name: str, *, emit: Emit = ignore) -> Service:
        return run_again(self, name, "restart", emit)

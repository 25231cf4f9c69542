"""Services in Azure Container Instances, each a container group of the workspace's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from acideploy.azure.open import Azure
from acideploy.clock import Clock
from acideploy.errors import (
    AcideployError,
    AzureError,
    NotFoundError,
    ScoringError,
    StorageError,
    UnsupportedError,
)
from acideploy.events import Emit, Finished, Noticed, Said, Started, ignore
from acideploy.observe import looks
from acideploy.stopwatch import Stopwatch
from acideploy.targets import Answer, Keys, Service
from acideploy.targets.aci import http, rollout
from acideploy.targets.aci.failure import Seen, failure_of
from acideploy.targets.aci.group import (
    DEPLOY_TAG,
    VERSION,
    Confidential,
    Pull,
    with_secrets,
)
from acideploy.targets.aci.leftover import after_failure, after_refusal, tell_leftover
from acideploy.targets.aci.narration import Narrator
from acideploy.targets.aci.pull import fallback
from acideploy.targets.aci.record import RecordRegistry, Revision, Revisions
from acideploy.targets.aci.secrets import Secrets, keys_name, revision_name
from acideploy.targets.aci.since import lines_since
from acideploy.targets.aci.view import (
    endpoint_of,
    is_moving,
    record_of,
    service_name,
    service_of,
)
from acideploy.targets.local.keys import check_key, new_key

# Groups that are looked at at the same time.
_AT_ONCE = 16
_FOLLOW_EVERY = 1.0
# Lines that are asked for each time: as many may be written between two looks.
_FOLLOWED = 2000


class AciTarget:
    """`registry` has the images and the records, `secrets` the keys. All may raise AzureError."""

    def __init__(
        self, azure: Azure, *, registry: RecordRegistry, secrets: Secrets, clock: Clock
    ) -> None:
        self.azure = azure
        self.secrets = secrets
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

    def list(self) -> tuple[Service, ...]:
        """Every service, looked at at the same time: a list alone does not tell their states."""
        listed = self.azure.manager.list(self.azure.workspace.groups, VERSION)
        paths = [str(each["id"]) for each in listed if service_name(each)]

        def look(path: str) -> Service | None:
            group = self.azure.manager.get(path, VERSION)
            if group is None:
                return None
            return service_of(group, self.revision_of(group), self.azure.workspace)

        with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
            found = [service for service in threads.map(look, paths) if service]
        return tuple(sorted(found, key=lambda service: service.name))

    def users_of(self, model: str) -> tuple[str, ...]:
        return tuple(service.name for service in self.list() if model in service.models)

    def history(self, name: str) -> tuple[Revision, ...]:
        """Every revision that was healthy once, newest first."""
        revisions = self.revisions(name)
        read = (revisions.read(f"r{number}") for number in revisions.numbers())
        return tuple(revision for revision in read if revision)

    # What it is asked.

    def score(self, name: str, body: bytes, *, content_type: str) -> Answer:
        """Sends a scoring request, with the key where one is asked for. Raises ScoringError."""
        group = self.group(name)
        revision = self.revision_of(group)
        endpoint = endpoint_of(group, revision)
        if endpoint is None:
            raise ScoringError(
                f"service {name} has no address yet",
                hint=f"acideploy service show -n {name} --wait",
            )
        headers = {"Content-Type": content_type}
        if revision and revision.auth_enabled:
            headers["Authorization"] = f"Bearer {self.keys(name).primary}"
        return http.score(endpoint, body, headers=headers)

    def logs(self, name: str, *, lines: int, since: timedelta | None = None) -> str:
        """The last lines; with `since` those of them that are not older."""
        group, stamped = self.group(name), since is not None
        log = rollout.read_log(self.azure.manager, group, lines=lines, timestamps=stamped)
        return log if since is None else lines_since(log, self._clock.now() - since)

    def follow_logs(self, name: str, *, lines: int) -> Iterator[str]:
        """The last lines, then each new one: Azure is asked for them each second."""
        group = self.group(name)
        log = rollout.read_log(self.azure.manager, group, lines=_FOLLOWED)
        yield from log.splitlines()[-lines:] if lines else ()
        narrator = Narrator(service=name, before=group, log=log)
        for _ in looks(clock=self._clock, every=_FOLLOW_EVERY):
            with suppress(AzureError):
                log = rollout.read_log(self.azure.manager, group, lines=_FOLLOWED)
                for event in narrator.tell(group, log):
                    if isinstance(event, Said):
                        yield event.line

    def diagnose(self, name: str) -> str:
        """Why the service does not answer. Raises that as an error; returns that it does."""
        group = self.group(name)
        revision = self.revision_of(group)
        endpoint = endpoint_of(group, revision)
        if endpoint and http.probe(endpoint) is not None:
            return f"service {name} answers at {endpoint.url}/score"
        if revision:
            # What crashed earlier and answers now is no failure: so this is asked last.
            seen = Seen(group=group, log=self.logs(name, lines=500), previous_log="")
            origin = rollout.origin_of(revision)
            if failure := failure_of(seen, service=name, origin=origin):
                raise failure
        state = service_of(group, revision, self.azure.workspace).state
        return f"service {name} does not answer; its state is {state}"

    # Keys.

    def keys(self, name: str) -> Keys:
        """Raises UnsupportedError where the service asks for none."""
        group = self.group(name)
        revision = self.revision_of(group)
        if revision is None or not revision.auth_enabled:
            raise UnsupportedError(
                f"service {name} asks for no key",
                hint=f"acideploy service update -n {name} --auth-enabled true",
            )
        return self._kept_keys(str(group["name"]))

    def _kept_keys(self, group: str) -> Keys:
        kept = self.secrets.get(keys_name(group))
        try:
            return Keys(primary=kept["primaryKey"], secondary=kept["secondaryKey"])
        except KeyError as error:
            raise StorageError(
                f"the keys of {group} are not in {self.secrets.where}",
                hint="deploy the service again: it gets new ones, or those of --primary-key",
            ) from error

    def ensure_keys(self, group: str, *, primary: str | None, secondary: str | None) -> Keys:
        """Those that are given, else those that are kept, else new ones; they are kept then."""
        for key in (primary, secondary):
            check_key(key)
        kept = self.secrets.get(keys_name(group))
        values = {
            "primaryKey": primary or kept.get("primaryKey") or new_key(),
            "secondaryKey": secondary or kept.get("secondaryKey") or new_key(),
        }
        if values != kept:
            self.secrets.put(keys_name(group), values)
        return Keys(primary=values["primaryKey"], secondary=values["secondaryKey"])

    def regenerate_key(
        self, name: str, which: str, value: str | None, *, pull: Pull, emit: Emit = ignore
    ) -> Keys:
        """Replaces a key and changes the group in place: its container starts again."""
        known = self.keys(name)
        group = self.group(name)
        changed = replace(known, **{which: value or new_key()})
        keys = self.ensure_keys(
            str(group["name"]), primary=changed.primary, secondary=changed.secondary
        )
        revision = self.revision_of(group)
        assert revision is not None
        self.apply(revision, group["tags"], pull=pull, wait=True, emit=emit)
        return keys

    # What changes it.

    def confidential(self, revision: Revision) -> Confidential:
        """The secrets of a revision, from where they are kept."""
        name = self.azure.workspace.group_name(revision.service)
        kept = self.secrets.get(revision_name(name, revision.number))
        return Confidential(
            keys=self._kept_keys(name) if revision.auth_enabled else None,
            variables=json.loads(kept.get("variables", "{}")),
            certificate=revision.certificate,
            certificate_key=kept.get("certificateKey"),
        )

    def keep(self, revision: Revision, confidential: Confidential) -> None:
        """Keeps what a revision has of secrets, for rollbacks."""
        name = self.azure.workspace.group_name(revision.service)
        values = {
            **(
                {"variables": json.dumps(dict(confidential.variables))}
                if confidential.variables
                else {}
            ),
            **(
                {"certificateKey": confidential.certificate_key}
                if confidential.certificate_key
                else {}
            ),
        }
        if values:
            self.secrets.put(revision_name(name, revision.number), values)

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
        allow: rollout.Allow = lambda group: None,
        emit: Emit = ignore,
    ) -> Service:
        """Makes the group what the revision says, and waits until it answers.

        `replacing` deletes it first, for what Azure cannot change in place. `allow` raises where
        the group, as it is just before, is not to be changed.
        """
        name, path, manager = revision.service, self.path(revision.service), self.azure.manager
        known = confidential or self.confidential(revision)
        workspace = self.azure.workspace
        body = with_secrets(
            revision.group, pull=pull, confidential=known, server=workspace.registry
        )
        body["tags"] = dict(tags)
        before = None
        if problem := fallback(pull):
            emit(Noticed(problem=problem))
        emit(Started(task="group", title=f"Container group {workspace.group_name(name)}"))
        try:
            before = rollout.look_before(manager, path)
            allow(before.group if before else None)
            if replacing:
                rollout.delete_group(manager, path, clock=self._clock)
            rollout.put_group(manager, path, body, service=name, allow=allow, clock=self._clock)
        except BaseException as error:
            emit(Finished(task="group", outcome="failed"))
            if isinstance(error, AcideployError):
                self._tell_refused(error, revision, before=before is not None)
            raise
        emit(Finished(task="group", outcome="done", detail="accepted by Azure"))
        watch = watch or Stopwatch(self._clock)
        watch.lap("container group")
        if not wait:
            return self.find(name)
        known_before = None if replacing else before
        try:
            group = self.wait(revision, before=known_before, deploy=tags.get(DEPLOY_TAG), emit=emit)
        except AcideployError as error:
            self._tell_failed(error, revision)
            raise
        watch.lap("pull, start")
        # A service that answers before Azure has noticed is looked at once more.
        return self.find(name) if is_moving(group) else self.described(group, revision)

    def _tell_refused(self, error: AcideployError, revision: Revision, *, before: bool) -> None:
        # What there is now is told where it can be found out; the error counts.
        with suppress(AcideployError):
            now = self.azure.manager.get(self.path(revision.service), VERSION)
            earlier = self._earlier(revision)
            left = after_refusal(revision.service, before=before, now=now, earlier=earlier)
            tell_leftover(error, left)

    def _tell_failed(self, error: AcideployError, revision: Revision) -> None:
        with suppress(AcideployError):
            group = self.azure.workspace.group_name(revision.service)
            if self.azure.manager.get(self.path(revision.service), VERSION) is None:
                return
            earlier = self._earlier(revision)
            left = after_failure(revision.service, group, number=revision.number, earlier=earlier)
            tell_leftover(error, left)

    def _earlier(self, revision: Revision) -> int | None:
        numbers = self.revisions(revision.service).numbers()
        return next((each for each in numbers if each < revision.number), None)

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
        except BaseException:
            emit(Finished(task="service", outcome="failed"))
            raise
        if digest := record_of(group):
            self.revisions(name).confirm(digest, revision.number)
        endpoint = endpoint_of(group, revision)
        where = f"healthy at {endpoint.url}/score" if endpoint else "healthy"
        emit(Finished(task="service", outcome="done", detail=where))
        return group

    def stop(self, name: str) -> Service:
        self.azure.manager.send("POST", f"{self.group(name)['id']}/stop", VERSION)
        return self.find(name)

    def start(self, name: str, *, emit: Emit = ignore) -> Service:
        return self._again(name, "start", emit)

    def restart(self, name: str, *, emit: Emit = ignore) -> Service:
        return self._again(name, "restart", emit)

    def _again(self, name: str, verb: str, emit: Emit) -> Service:
        group = self.group(name)
        before = rollout.look_before(self.azure.manager, str(group["id"]))
        self.azure.manager.send("POST", f"{group['id']}/{verb}", VERSION)
        if revision := self.revision_of(group):
            self.wait(revision, before=before, emit=emit)
        return self.find(name)

    def require_revision(self, name: str, number: int | None) -> Revision:
        """The revision of that number, else the one before the present. Raises NotFoundError."""
        group, numbers = self.observe(name), self.revisions(name).numbers()
        # A deploy that failed may have deleted the group: its history is there still.
        if group is None and not numbers:
            self.group(name)
        present = self.revision_of(group) if group else None
        earlier = [each for each in numbers if present is None or each < present.number]
        wanted = number or next(iter(earlier), None)
        found = self.revisions(name).read(f"r{wanted}") if wanted in numbers else None
        if found:
            return found
        known = ", ".join(map(str, numbers)) or "none"
        raise NotFoundError(
            f"service {name} has no revision {number or 'before this one'}; there are: {known}",
            hint=f"acideploy service history -n {name}",
        )

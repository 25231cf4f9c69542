"""A server that is a container of an engine on this machine."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from acideploy.clock import Clock
from acideploy.diagnose import Diagnosis
from acideploy.errors import EngineError, ServiceFailedError
from acideploy.targets.local import secret_files
from acideploy.targets.local.container import Container, ContainerState
from acideploy.targets.local.container_log import ContainerLog
from acideploy.targets.local.engine import Engine
from acideploy.targets.local.engines import Engines
from acideploy.targets.local.layout import RevisionDirectory
from acideploy.targets.local.naming import container_name, labels
from acideploy.targets.local.record import ContainerRun, Revision

# The server itself gives running scores 30 s to finish.
_GRACE_SECONDS = 32
_KILLED = 128 + 9
_WORKER_KILLED = "a worker was killed by SIGKILL"
# What runc and crun say: `exec: "python3.9": executable file not found in $PATH`,
# `exec: "/opt/python": stat /opt/python: no such file or directory`.
_NO_PROGRAM = re.compile(
    r"""(?:exec: |executable file )["`](?P<program>[^"`]+)["`].*"""
    r"""(?:not found|no such file or directory)""",
    re.IGNORECASE,
)
_NOT_A_PROGRAM = re.compile(r"^exec \S+: exec format error$", re.MULTILINE)
_LOG_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerServer:
    """`run` is the revision's own."""

    name: str
    revision: Revision
    run: ContainerRun
    directory: RevisionDirectory
    clock: Clock
    engines: Engines

    @property
    def engine(self) -> Engine:
        return self.engines.at(self.run.engine)

    @property
    def container(self) -> str:
        return container_name(self.directory.path)

    @property
    def log(self) -> ContainerLog:
        return ContainerLog(engine=self.engine, container=self.container)

    @property
    def app_root(self) -> PurePosixPath:
        return PurePosixPath("/var/azureml-app")

    @property
    def look_seconds(self) -> float:
        # Each look is a few requests to the engine.
        return 0.1

    @property
    def owns_port(self) -> bool:
        return True

    def start(self) -> ContainerServer:
        engine = self.engine
        if not engine.has_image(self.run.image):
            raise EngineError(
                f"{engine.name} has the image {self.run.image} no more",
                hint="deploy the service again with `--overwrite`",
            )
        self.log.save(self.directory.previous_log)
        note_engine(self.directory, engine)
        engine.remove(self.container)
        engine.create(self._asked())
        self.take_keys()
        try:
            engine.start(self.container)
        except EngineError as error:
            if (found := self._cannot_run(error.message)) is None:
                raise
            raise ServiceFailedError(
                f"service {self.name} failed: {found.cause}", cause=found.cause, hint=found.hint
            ) from error
        return self

    def state(self) -> ContainerState | None:
        return self.engine.state(self.container)

    def is_alive(self) -> bool:
        state = self.state()
        return state is not None and state.running

    def stop(self) -> None:
        self.engine.stop(self.container, grace=_GRACE_SECONDS)

    def remove(self) -> None:
        self.engine.remove(self.container)
        shutil.rmtree(self.directory.path, ignore_errors=True)

    def take_keys(self) -> None:
        """It gets the certificate and its key, too: all that its variables name."""
        state = self.state()
        files = self._secrets()
        if state and files:
            passwd = _first_file(self.engine.read(self.container, "/etc/passwd"))
            owner = secret_files.owner_of(state.user, passwd)
            self.engine.put(self.container, secret_files.secret_archive(files, owner=owner))

    def known_cause(self) -> Diagnosis | None:
        state = self.state()
        if state is None:
            return Diagnosis(
                cause=f"its container {self.container} was removed",
                hint=f"acideploy service start -n {self.name}",
            )
        log = self.log.tail(_LOG_LINES)
        # Podman does not always see that it was the memory; the server sees its worker end.
        if state.out_of_memory or (state.exit_code == _KILLED and _WORKER_KILLED in log):
            return self._out_of_memory()
        # A program that is none leaves a single line, which the runtime wrote.
        return self._cannot_run(state.error or ("" if "\n" in log else log))

    def ending(self) -> str:
        state = self.state()
        return f"its container has ended with exit code {state.exit_code if state else '?'}"

    def _asked(self) -> Container:
        return Container(
            name=self.container,
            image=self.run.image,
            port=self.revision.listening_port,
            labels=labels(self.directory.path),
            variables=self._variables(),
            limits=self.run.limits,
        )

    def _variables(self) -> dict[str, str]:
        """What is this machine's; all else is in the image."""
        revision, directory = self.revision, secret_files.DIRECTORY
        served = {
            "AML_APP_INSIGHTS_ENABLED": str(revision.app_insights_enabled).lower(),
            "SERVICE_NAME": self.name,
            "WORKSPACE_NAME": "local",
            "ACIDEPLOY_REVISION": str(revision.number),
        }
        if revision.auth_enabled:
            served["ACIDEPLOY_KEYS_FILE"] = f"{directory}/{self.directory.keys.name}"
        if revision.ssl_enabled:
            served["ACIDEPLOY_TLS_CERTIFICATE"] = f"{directory}/{self.directory.certificate.name}"
            served["ACIDEPLOY_TLS_KEY"] = f"{directory}/{self.directory.certificate_key.name}"
        return served

    def _secrets(self) -> dict[str, bytes]:
        directory = self.directory
        paths = [directory.keys] if self.revision.auth_enabled else []
        if self.revision.ssl_enabled:
            paths += [directory.certificate, directory.certificate_key]
        return {path.name: path.read_bytes() for path in paths}

    def _out_of_memory(self) -> Diagnosis:
        limit = self.run.limits.memory_in_gb
        told = f" (limit {float(limit)} GB)" if limit else ""
        return Diagnosis(
            cause=f"the service ran out of memory{told}",
            hint="raise memoryInGB in the deployment config, or with `--memory-gb`"
            if limit
            else "use a smaller model",
        )

    def _cannot_run(self, told: str) -> Diagnosis | None:
        """What it means if the program of the image was not there, or is none.

        Only words tell that: engines give no code for it, and Podman no exit code either.
        """
        base = f"the base image {self.run.base}" if self.run.base else "the image"
        if match := _NO_PROGRAM.search(told):
            return Diagnosis(
                cause=f"{base} has no {match['program']}",
                hint="choose a base image that has it, or another Python with `--python`",
            )
        if _NOT_A_PROGRAM.search(told):
            return Diagnosis(
                cause=f"{base} is for another kind of processor",
                hint="choose a base image for linux/amd64",
            )
        return None


def note_engine(directory: RevisionDirectory, engine: Engine) -> None:
    """Writes down where the container is: its record may be lost before the container is."""
    directory.path.mkdir(parents=True, exist_ok=True)
    directory.engine_file.write_text(json.dumps({"engine": engine.address}))


def remove_container_of(revision: Path, engines: Engines) -> Engine | None:
    """Removes the container of the revision with this folder, if it has one; tells whose it was."""
    with suppress(FileNotFoundError, ValueError, KeyError):
        written = json.loads(RevisionDirectory(revision).engine_file.read_bytes())
        engine = engines.at(written["engine"])
        engine.remove(container_name(revision))
        return engine
    return None


def _first_file(archive: bytes) -> str:
    if not archive:
        return ""
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        member = tar.next()
        file = tar.extractfile(member) if member else None
        return file.read().decode(errors="replace") if file else ""

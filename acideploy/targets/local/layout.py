"""Where a local service keeps its files, and how a revision is laid out.

<services>/<name>/service.json            what is known of the service
                  service.lock            held while something changes it
                  failed.log              the log of a revision that never was healthy
                  revisions/<n>/app/      the app root: code, azureml-models/
                                runtime/  the serving files
                                keys.json both keys, for the server to read
                                tls/      certificate.pem, key.pem
                                service.log, service.previous.log
                                container.json where its container is, if it is one

A container has app root, serving files and models in its image, and its log in its engine; the
code is here all the same, for updates that do not bring their own.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from acideploy.config.values import Serving
from acideploy.disk import storage_error
from acideploy.events import Emit
from acideploy.models import ModelStore
from acideploy.plan import Wanted
from acideploy.serving import MODELS, RUNTIME_NAME, model_directory, runtime_directory
from acideploy.targets.local.record import ContainerRun, Revision

# Run as `python <runtime>`: the command line then says which revision a process belongs to.
_MAIN = f"from {RUNTIME_NAME}.__main__ import main\n\nmain()\n"


@dataclass(frozen=True, slots=True)
class RevisionDirectory:
    """The files of one revision."""

    path: Path

    @property
    def app_root(self) -> Path:
        return self.path / "app"

    @property
    def runtime(self) -> Path:
        return self.path / "runtime"

    @property
    def certificate(self) -> Path:
        return self.path / "tls" / "certificate.pem"

    @property
    def certificate_key(self) -> Path:
        return self.path / "tls" / "key.pem"

    @property
    def keys(self) -> Path:
        return self.path / "keys.json"

    @property
    def log(self) -> Path:
        return self.path / "service.log"

    @property
    def previous_log(self) -> Path:
        return self.path / "service.previous.log"

    @property
    def engine_file(self) -> Path:
        return self.path / "container.json"

    def fill(self, wanted: Wanted, store: ModelStore, *, emit: Emit) -> None:
        """Lays out what a process needs: also serving files and models. Raises StorageError."""
        self.begin(wanted)
        try:
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(runtime_directory(), self.runtime / RUNTIME_NAME, ignore=ignore)
            (self.runtime / "__main__.py").write_text(_MAIN)
            for model in wanted.models:
                directory = self.app_root / MODELS / model.name / str(model.version)
                store.unpack(model, directory, emit=emit)
            (self.app_root / MODELS).mkdir(exist_ok=True)
        except OSError as error:
            raise storage_error("write", self.path, error) from error

    def begin(self, wanted: Wanted) -> None:
        """Lays out code and certificates, in a folder of its own. Raises StorageError."""
        try:
            shutil.rmtree(self.path, ignore_errors=True)
            self.app_root.mkdir(parents=True)
            self._copy_certificates(wanted.serving)
            wanted.code.copy_to(self.app_root)
        except OSError as error:
            raise storage_error("write", self.path, error) from error

    def rotate_log(self) -> None:
        """Keeps the log of the previous process, and leaves the next one an empty place."""
        if self.log.exists():
            self.log.replace(self.previous_log)

    def _copy_certificates(self, serving: Serving) -> None:
        if not serving.ssl_enabled:
            return
        self.certificate.parent.mkdir(mode=0o700)
        for source, target in (
            (serving.ssl_certificate, self.certificate),
            (serving.ssl_key, self.certificate_key),
        ):
            if source:
                target.touch(mode=0o600)
                target.write_bytes(source.read_bytes())


def new_revision(
    wanted: Wanted,
    run: str | ContainerRun,
    *,
    number: int,
    port: int,
    trial_port: int | None,
    created: str,
) -> Revision:
    """What is written down about a revision before it is laid out.

    `run` is how it runs: by this interpreter, or in a container.
    """
    serving = wanted.serving
    return Revision(
        number=number,
        created_time=created,
        parts=wanted.parts(),
        port=port,
        models=tuple(model.id for model in wanted.models),
        entry_script=wanted.code.entry_script,
        source_directory=wanted.code.source_directory,
        model_directory=model_directory(wanted.models),
        origin=str(wanted.code.origin),
        environment_request=wanted.environment.to_json(),
        environment=wanted.environment_details,
        variables=wanted.variables,
        description=wanted.description,
        tags=wanted.tags,
        properties=wanted.properties,
        auth_enabled=bool(serving.auth_enabled),
        ssl_enabled=bool(serving.ssl_enabled),
        cname=serving.cname,
        app_insights_enabled=bool(serving.app_insights_enabled),
        python=run if isinstance(run, str) else None,
        container=run if isinstance(run, ContainerRun) else None,
        base=wanted.base.to_json() if wanted.base else None,
        trial_port=trial_port,
    )

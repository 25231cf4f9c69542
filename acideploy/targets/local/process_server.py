"""A server that is a process of this machine."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from acideploy.clock import Clock
from acideploy.diagnose import Diagnosis
from acideploy.disk import storage_error
from acideploy.targets.local import process
from acideploy.targets.local.layout import RevisionDirectory
from acideploy.targets.local.log import FileLog
from acideploy.targets.local.record import Revision

# What a server may see of its owner's environment: where programs, certificates and proxies are.
# Nothing else, so that what works here works in a container.
_INHERITED = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessServer:
    name: str
    revision: Revision
    directory: RevisionDirectory
    clock: Clock

    @property
    def log(self) -> FileLog:
        return FileLog(self.directory.log)

    @property
    def app_root(self) -> Path:
        return self.directory.app_root

    @property
    def look_seconds(self) -> float:
        return 0.03

    @property
    def owns_port(self) -> bool:
        return False

    def start(self) -> ProcessServer:
        python = str(self.revision.python)
        try:
            self.directory.rotate_log()
            pid = process.start_detached(
                [python, str(self.directory.runtime)],
                directory=self.directory.path,
                variables=self._variables(),
                log=self.directory.log,
            )
        except OSError as error:
            raise storage_error("start", python, error) from error
        return replace(self, revision=replace(self.revision, pid=pid))

    def is_alive(self) -> bool:
        return process.runs_from(self.revision.pid, self.directory.runtime)

    def stop(self) -> None:
        process.stop(self.directory.runtime, clock=self.clock)

    def remove(self) -> None:
        shutil.rmtree(self.directory.path, ignore_errors=True)

    def take_keys(self) -> None:
        """It reads the file itself when that changes."""

    def known_cause(self) -> Diagnosis | None:
        return None

    def ending(self) -> str:
        return "the server has ended"

    def _variables(self) -> dict[str, str]:
        revision, root = self.revision, self.directory.app_root
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        # The commands of its packages, for scripts that call them.
        path = (os.path.dirname(str(self.revision.python)), inherited.get("PATH", os.defpath))
        inherited["PATH"] = os.pathsep.join(path)
        served = {
            "PYTHONUNBUFFERED": "1",
            "AML_APP_ROOT": str(root),
            "AZUREML_ENTRY_SCRIPT": revision.entry_script,
            "AZUREML_MODEL_DIR": str(root / revision.model_directory),
            "AML_APP_INSIGHTS_ENABLED": str(revision.app_insights_enabled).lower(),
            "SERVICE_NAME": self.name,
            "WORKSPACE_NAME": "local",
            "ACIDEPLOY_HOST": "127.0.0.1",
            "ACIDEPLOY_PORT": str(revision.listening_port),
            "ACIDEPLOY_REVISION": str(revision.number),
        }
        if revision.source_directory:
            served["AZUREML_SOURCE_DIRECTORY"] = revision.source_directory
        if revision.auth_enabled:
            served["ACIDEPLOY_KEYS_FILE"] = str(self.directory.keys)
        if revision.ssl_enabled:
            served["ACIDEPLOY_TLS_CERTIFICATE"] = str(self.directory.certificate)
            served["ACIDEPLOY_TLS_KEY"] = str(self.directory.certificate_key)
        return {**inherited, **revision.variables, **served}

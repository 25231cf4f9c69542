"""One revision's server: started, watched until it is healthy, stopped."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from acideploy.clock import Clock
from acideploy.diagnose import CodeOrigin, Diagnosis, diagnose, diagnose_request
from acideploy.disk import storage_error
from acideploy.errors import DeadlineError, ServiceFailedError
from acideploy.events import Emit, Said
from acideploy.observe import wait_for
from acideploy.targets.local import http, process
from acideploy.targets.local.layout import RevisionDirectory
from acideploy.targets.local.log import lines_from, tail
from acideploy.targets.local.record import Revision

# A large model may take minutes to load.
START_SECONDS = 900.0
_LOOK_SECONDS = 0.03
_LOG_LINES_SHOWN = 30

# What a server may see of its owner's environment: where programs, certificates and proxies are.
# Nothing else, so that what works here works in a container.
_INHERITED = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The server of one revision of the service `name`; `directory` holds its files."""

    name: str
    revision: Revision
    directory: RevisionDirectory
    clock: Clock

    @property
    def scoring_uri(self) -> str:
        scheme = "https" if self.revision.ssl_enabled else "http"
        return f"{scheme}://localhost:{self.revision.port}/score"

    def start(self) -> Server:
        """Starts the process, and returns the server with its id. Raises StorageError."""
        try:
            self.directory.rotate_log()
            pid = process.start_detached(
                [self.revision.python, str(self.directory.runtime)],
                directory=self.directory.path,
                variables=self._variables(),
                log=self.directory.log,
            )
        except OSError as error:
            raise storage_error("start", self.revision.python, error) from error
        return replace(self, revision=replace(self.revision, pid=pid))

    def is_alive(self) -> bool:
        return process.runs_from(self.revision.pid, self.directory.runtime)

    def answers(self) -> bool:
        """Whether this very revision answers on the port. While two share it, either may."""
        number = str(self.revision.number)
        # The kernel spreads connections over both servers: one answer is enough.
        looks = (http.probe(self.revision.port, tls=self.revision.ssl_enabled) for _ in range(8))
        try:
            return any(answer == number for answer in looks)
        except TimeoutError:
            return False

    def wait_until_healthy(
        self, *, log_kept: Path, still_serves: int | None = None, emit: Emit
    ) -> None:
        """Tells the lines of its log until it answers.

        Raises ServiceFailedError once the process has ended, DeadlineError after 15 minutes.
        """
        position = 0

        def look() -> bool | None:
            nonlocal position
            lines, position = lines_from(self.directory.log, position)
            for line in lines:
                emit(Said(line=line))
            if not self.is_alive():
                raise self.failure(log_kept=log_kept, still_serves=still_serves)
            return self.answers() or None

        wait_for(
            look,
            clock=self.clock,
            within=START_SECONDS,
            every=_LOOK_SECONDS,
            overdue=self._overdue,
        )

    def stop(self) -> None:
        process.stop(self.directory.runtime, clock=self.clock)

    def failure(self, *, log_kept: Path, still_serves: int | None = None) -> ServiceFailedError:
        """Why the process ended, by its log, which its reader will find in `log_kept`.

        `still_serves` is the revision that goes on serving, if there is one.
        """
        diagnosis = self.diagnosis()
        log = tail(self.directory.log, _LOG_LINES_SHOWN)
        goes_on = f" (revision {still_serves} goes on serving)" if still_serves else ""
        return ServiceFailedError(
            f"service {self.name} failed{goes_on}: {diagnosis.cause}",
            place=diagnosis.place,
            detail=f"last lines of the log, kept in {log_kept}:\n{log}" if log else None,
            hint=diagnosis.hint,
        )

    def diagnosis(self) -> Diagnosis:
        log = tail(self.directory.log, 1000)
        return diagnose(log, self._code_origin()) or Diagnosis(cause="the server has ended")

    def log_size(self) -> int:
        """The length of the log in bytes: a mark to read on from."""
        return self.directory.log.stat().st_size if self.directory.log.exists() else 0

    def diagnose_request(self, *, since: int) -> Diagnosis | None:
        """Why a request failed, by what was logged behind the mark `since`."""
        lines, _ = lines_from(self.directory.log, since)
        return diagnose_request("\n".join(lines), self._code_origin())

    def _overdue(self) -> DeadlineError:
        return DeadlineError(
            f"service {self.name} did not answer within {START_SECONDS:.0f} s",
            detail=tail(self.directory.log, _LOG_LINES_SHOWN),
            hint=f"acideploy service get-logs -n {self.name}",
        )

    def _code_origin(self) -> CodeOrigin:
        deployed = self.directory.app_root
        if self.revision.source_directory:
            deployed /= self.revision.source_directory
        return CodeOrigin(deployed=deployed, origin=Path(self.revision.origin))

    def _variables(self) -> dict[str, str]:
        revision, root = self.revision, self.directory.app_root
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        served = {
            "PYTHONUNBUFFERED": "1",
            "AML_APP_ROOT": str(root),
            "AZUREML_ENTRY_SCRIPT": revision.entry_script,
            "AZUREML_MODEL_DIR": str(root / revision.model_directory),
            "AML_APP_INSIGHTS_ENABLED": str(revision.app_insights_enabled).lower(),
            "SERVICE_NAME": self.name,
            "WORKSPACE_NAME": "local",
            "ACIDEPLOY_HOST": "127.0.0.1",
            "ACIDEPLOY_PORT": str(self.revision.port),
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

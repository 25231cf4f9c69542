"""One revision's server, whatever runs it: watched until it is healthy, and diagnosed."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Protocol

from acideploy.clock import Clock
from acideploy.diagnose import CodeOrigin, Diagnosis, diagnose, diagnose_request
from acideploy.errors import DeadlineError, ServiceFailedError
from acideploy.events import Emit, Said
from acideploy.observe import wait_for
from acideploy.targets.local.health import probe
from acideploy.targets.local.layout import RevisionDirectory
from acideploy.targets.local.log import Log, Mark
from acideploy.targets.local.record import Revision

# A large model may take minutes to load.
START_SECONDS = 900.0
_LOG_LINES_SHOWN = 30
_LOG_LINES_READ = 1000


class Server(Protocol):
    """The server of one revision of the service `name`; `directory` holds its files.

    What a container does raises EngineError too.
    """

    @property
    def name(self) -> str: ...
    @property
    def revision(self) -> Revision: ...
    @property
    def directory(self) -> RevisionDirectory: ...
    @property
    def clock(self) -> Clock: ...

    @property
    def log(self) -> Log:
        """What it has written since it was started."""

    @property
    def app_root(self) -> PurePath:
        """The app root, as the paths in its log have it."""

    @property
    def look_seconds(self) -> float:
        """How often to look whether it is healthy."""

    @property
    def owns_port(self) -> bool:
        """Whether nothing else can answer on its port while it is alive."""

    def start(self) -> Server:
        """Starts it anew, the log of the last time kept apart; returns it as it is now.

        Raises StorageError, and ServiceFailedError where it cannot run at all.
        """

    def is_alive(self) -> bool:
        """Whether it runs; it may not answer yet."""

    def stop(self) -> None:
        """Ends it. Scores under way may finish, for half a minute at most."""

    def remove(self) -> None:
        """Takes away what is left of it once it has been stopped, its files too."""

    def take_keys(self) -> None:
        """Has it use the keys that are in its key file now."""

    def known_cause(self) -> Diagnosis | None:
        """Why it is not alive, where something surer than the log knows."""

    def ending(self) -> str:
        """That it is not alive, for when no cause is known."""


def scoring_uri(revision: Revision) -> str:
    scheme = "https" if revision.ssl_enabled else "http"
    return f"{scheme}://localhost:{revision.port}/score"


def answers(server: Server) -> bool:
    """Whether this very revision answers on the port. While two share it, either may."""
    revision = server.revision
    # The kernel spreads connections over both servers: one answer is enough.
    tries = 1 if server.owns_port else 8
    looks = (probe(revision.listening_port, tls=revision.ssl_enabled) for _ in range(tries))
    try:
        return any(answer == str(revision.number) for answer in looks)
    except TimeoutError:
        return False


def wait_until_healthy(server: Server, *, log_kept: Log, otherwise: str = "", emit: Emit) -> None:
    """Tells the lines of its log until it answers.

    Raises ServiceFailedError once it has ended, DeadlineError after 15 minutes. `otherwise` says
    what goes on serving then.
    """
    mark: Mark | None = None

    def look() -> bool | None:
        nonlocal mark
        alive = server.is_alive()
        lines, mark = server.log.lines_from(mark)
        for line in lines:
            emit(Said(line=line))
        if not alive:
            raise failure(server, log_kept=log_kept, otherwise=otherwise)
        return answers(server) or None

    wait_for(
        look,
        clock=server.clock,
        within=START_SECONDS,
        every=server.look_seconds,
        overdue=lambda: _overdue(server),
    )


def failure(server: Server, *, log_kept: Log, otherwise: str = "") -> ServiceFailedError:
    """Why it ended, by its log, which its reader will find in `log_kept`."""
    found = diagnosis(server)
    log = server.log.tail(_LOG_LINES_SHOWN)
    goes_on = f" ({otherwise})" if otherwise else ""
    return ServiceFailedError(
        f"service {server.name} failed{goes_on}: {found.cause}",
        place=found.place,
        detail=f"last lines of the log, kept in {log_kept.where}:\n{log}" if log else None,
        hint=found.hint,
        cause=found.cause,
    )


def diagnosis(server: Server) -> Diagnosis:
    """Why a server that is not alive has ended."""
    if known := server.known_cause():
        return known
    log = server.log.tail(_LOG_LINES_READ)
    return diagnose(log, _code_origin(server)) or Diagnosis(cause=server.ending())


def request_diagnosis(server: Server, *, since: Mark) -> Diagnosis | None:
    """Why a request failed, by what was logged since."""
    lines, _ = server.log.lines_from(since)
    return diagnose_request("\n".join(lines), _code_origin(server))


def _overdue(server: Server) -> DeadlineError:
    return DeadlineError(
        f"service {server.name} did not answer within {START_SECONDS:.0f} s",
        detail=server.log.tail(_LOG_LINES_SHOWN),
        hint=f"acideploy service get-logs -n {server.name}",
    )


def _code_origin(server: Server) -> CodeOrigin:
    deployed = Path(server.app_root, server.revision.source_directory or "")
    return CodeOrigin(deployed=deployed, origin=Path(server.revision.origin))

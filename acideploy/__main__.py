"""The `acideploy` command."""

from __future__ import annotations

import signal
import sys
from io import TextIOWrapper

from acideploy.errors import INTERRUPTED_EXIT_CODE


def main() -> None:
    # A cancelled job and a closed terminal end a command as Ctrl-C does: cleanly.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        from acideploy.cli.failure import apologise
        from acideploy.cli.root import run
    except KeyboardInterrupt:
        # Nothing has begun yet, so there is nothing to tell.
        sys.exit(INTERRUPTED_EXIT_CODE)
    sys.excepthook = apologise
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A character that the terminal cannot show is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

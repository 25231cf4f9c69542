"""The `acideploy` command."""

from __future__ import annotations

import gc
import signal
import sys
from io import TextIOWrapper

from acideploy.errors import INTERRUPTED_EXIT_CODE

# New objects before the next look for garbage, instead of 700: a short command has none, and would
# look two hundred times at the modules it imports.
_OBJECTS = 100_000


def main() -> None:
    gc.set_threshold(_OBJECTS)
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
    code = run(sys.argv[1:])
    # Nor is there any at the end, where Python looks again.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()

"""The `acideploy` command."""

from __future__ import annotations

import sys
from io import TextIOWrapper

from acideploy.cli.failure import apologise
from acideploy.cli.root import run


def main() -> None:
    sys.excepthook = apologise
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A character that the terminal cannot show is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

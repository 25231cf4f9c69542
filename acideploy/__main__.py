"""The `acideploy` command."""

from __future__ import annotations

import sys

from acideploy.cli.failure import apologise
from acideploy.cli.root import run


def main() -> None:
    sys.excepthook = apologise
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

"""`make replay`: every difference from recorded traffic, with its reason where it is known."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.replay.allowed import allowance
from tests.replay.player import play
from tests.replay.recording import directory


def main() -> int:
    """Prints the list; 1 when a difference has no reason or there is nothing to replay."""
    files = sorted(directory().glob("*.jsonl"))
    unexplained = 0
    with tempfile.TemporaryDirectory() as scratch:
        for path in files:
            for difference in play(path, Path(scratch) / path.stem):
                allowed = allowance(difference)
                unexplained += allowed is None
                print(f"{difference}  [{allowed.reason if allowed else 'UNEXPLAINED'}]")
    print(f"{len(files)} recordings, {unexplained} differences without a reason", file=sys.stderr)
    return int(unexplained > 0 or not files)


if __name__ == "__main__":
    sys.exit(main())

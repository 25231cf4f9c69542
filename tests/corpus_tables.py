"""`make corpus`: what becomes of a folder of real files, kind by kind.

`ACIDEPLOY_CORPUS` names the folder. Ends with 1 where something is not as it should be.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.e2e import script_sweep
from tests.functional import (
    corpus_commands_table,
    corpus_conda_table,
    corpus_configs_table,
)

DEFAULT = Path(__file__).parents[2] / "shared" / "corpus"


def main() -> int:
    corpus = Path(os.environ.get("ACIDEPLOY_CORPUS") or DEFAULT).resolve()
    if not corpus.is_dir():
        print(f"there is no folder {corpus}: set ACIDEPLOY_CORPUS", file=sys.stderr)
        return 2
    configs = corpus_configs_table.main(corpus)
    commands = corpus_commands_table.main(corpus)
    conda = corpus_conda_table.main(corpus)
    print("\nEntry scripts\n")
    outcomes = script_sweep.sweep(corpus)
    print(script_sweep.table(outcomes))
    return 1 if configs or commands or conda or any(outcome.ours for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())

"""The modules that real entry scripts import, against the conda files that came with them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from acideploy.code import code_of
from acideploy.config.checked import Findings
from acideploy.config.conda import read_conda_file
from acideploy.config.values import Environment, InferenceConfig
from acideploy.environment.request import request_environment
from acideploy.imports import import_problems

# What those services failed with, each looked at by hand.
MISSING = {("001", "fastai"), ("083", "azureml.monitoring")}


def test_no_module_is_missed_that_the_service_would_have(corpus: Path) -> None:
    told = set()
    for number, script, conda in _deployed(corpus):
        environment = read_conda_file(conda, cwd=conda.parent, findings=Findings())
        asked, _ = request_environment(
            Environment(conda=environment), directory=conda.parent, python="3.8", for_image=True
        )
        code = code_of(InferenceConfig(entry_script=script))
        told |= {
            (number, each.message.rpartition(" ")[2])
            for each in import_problems(code, asked, None)
            if each.severity == "warning"
        }
    assert told == MISSING


def test_every_script_is_read(corpus: Path) -> None:
    scripts = sorted((corpus / "score").glob("*.py"))
    assert scripts
    for script in scripts:
        asked, _ = request_environment(None, directory=script.parent, python="3.8")
        for problem in import_problems(code_of(InferenceConfig(entry_script=script)), asked, None):
            assert problem.place
            assert problem.place.text is not None


def _deployed(corpus: Path) -> Iterator[tuple[str, Path, Path]]:
    """Number, entry script and conda file of each tree that has both."""
    with (corpus / "inference" / "layout.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            named = [cell.split(" -> ")[1].rsplit(" [", 1)[0] for cell in row[2:4] if "->" in cell]
            paths = [corpus / "inference" / row[0] / name for name in named]
            if len(paths) == 2 and paths[0].suffix == ".py" and all(map(Path.is_file, paths)):
                yield row[0], paths[0], paths[1]

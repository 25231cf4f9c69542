"""Which of the collected entry scripts start, and why the others do not."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from acideploy.serving.azureml import AZUREML_DEFAULTS, needs_full_azureml
from tests.e2e.script_reading import MODEL_DIRECTORY, ModelFile, Script, read_script
from tests.serving_process import install_runtime, serving_environment

# What scripts use and a fresh machine gets within seconds.
ALWAYS = (
    "azureml-monitoring",
    "cloudpickle",
    "inference-schema[numpy-support,pandas-support]",
    "joblib",
    "nltk",
    "packaging",
    "Pillow",
    "python-dotenv",
    "PyYAML",
    "requests",
    "toolz",
    "ujson",
)
# A script is started in the first of these that has what it imports: packages of today, and those
# of the years when most of the scripts were written.
ENVIRONMENTS = (
    ("3.11", (*ALWAYS, "numpy<3", "pandas<3", "scikit-learn<2", "azureml-ai-monitoring")),
    ("3.8", (*ALWAYS, "numpy==1.19.5", "pandas==1.0.5", "scikit-learn==0.22.2.post1")),
)
SECONDS_EACH = 30
HARNESS = Path(__file__).with_name("start_scripts.py")
# Makes the one small model that stands for every script's own.
MAKE_MODEL = """
import pickle, sys
from sklearn.linear_model import LinearRegression
model = LinearRegression().fit([[0, 0], [1, 2], [2, 1]], [0, 1, 2])
pickle.dump(model, open(sys.argv[1], "wb"))
"""
# Errors of a script that asks for the network, which is closed.
CLOSED_NETWORK = re.compile(r"ProxyError|ConnectionError|URLError|Connection refused")
# The line of a traceback that names the error.
ERROR = re.compile(
    r"^(\w[\w.]*(?:Error|Exception|Exit|Iteration|Warning|NotFound)\w*(?::.*)?)$", re.MULTILINE
)


@dataclass(frozen=True)
class Outcome:
    """`python` is the version it was started on, empty for one that was not tried.

    `cause` says why it was not tried or did not start. `ours` tells that serving is to blame.
    """

    script: Script
    python: str = ""
    starts: bool = False
    cause: str = ""
    ours: bool = False
    log: str = ""


def sweep(corpus: Path) -> list[Outcome]:
    """Starts every script of `corpus/score` that an environment and a small model can serve."""
    scripts = [read_script(path) for path in sorted((corpus / "score").glob("*.py"))]
    outcomes: dict[Script, Outcome] = {}
    for version, packages in ENVIRONMENTS:
        left = [script for script in scripts if not _was_tried(outcomes, script)]
        try:
            python = serving_environment(*packages, python=version)
        except pytest.skip.Exception:
            if not outcomes:
                raise
            continue  # the scripts that need it count as not tried
        for outcome in _sweep(left, python, version):
            if outcome.python or outcome.script not in outcomes:
                outcomes[outcome.script] = outcome
    return [outcomes[script] for script in scripts]


def _was_tried(outcomes: dict[Script, Outcome], script: Script) -> bool:
    return script in outcomes and bool(outcomes[script].python)


def _sweep(scripts: Sequence[Script], python: Path, version: str) -> list[Outcome]:
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        model = directory / "model.pkl"
        subprocess.run([str(python), "-c", MAKE_MODEL, str(model)], check=True)
        pairs = {pair for script in scripts for pair in script.imports if not _is_stood_in(pair)}
        failing = _run(python, directory, imports=sorted(pairs), jobs=[])["imports"]
        causes = [_unfit(script, failing) for script in scripts]
        fit = [script for script, cause in zip(scripts, causes, strict=True) if not cause]
        jobs = [_lay_out(script, directory, model) for script in fit]
        results = iter(_run(python, directory, imports=[], jobs=jobs)["jobs"])
        return [
            Outcome(script, cause=cause) if cause else _judge(script, version, next(results))
            for script, cause in zip(scripts, causes, strict=True)
        ]


def table(outcomes: Sequence[Outcome]) -> str:
    lines = [f"{'script':<10} {'outcome':<15} {'kind':<44} cause"]
    for outcome in outcomes:
        word = "starts on" if outcome.starts else "fails on" if outcome.python else "not tried"
        word = f"{word} {outcome.python}"
        kinds = ", ".join(outcome.script.kinds) or "plain"
        lines.append(
            f"{outcome.script.path.name:<10} {word:<15} {kinds:<44} {outcome.cause}".rstrip()
        )
    tried = [outcome for outcome in outcomes if outcome.python]
    started = sum(outcome.starts for outcome in tried)
    lines += [
        "",
        f"{len(outcomes)} scripts; {len(tried)} need only packages that are installed here, "
        f"of which {started} start",
    ]
    causes = Counter(outcome.cause.split(":")[0] for outcome in outcomes if outcome.cause)
    lines += [f"  {count:3} {cause}" for cause, count in causes.most_common()]
    return "\n".join(lines)


def _unfit(script: Script, failing: dict[str, str]) -> str:
    """Why the script cannot start in this environment whatever serves it; empty if it may."""
    if script.error:
        return script.error
    uses = needs_full_azureml(script.source)
    if uses:
        return f"needs azureml-core: {uses[0].name} (--full-azureml)"
    for module, name in script.imports:
        why = failing.get(f"{module} {name}")
        if why is not None:
            line = f"from {module} import {name}" if name else f"import {module}"
            return f"needs another package: {line} ({why.splitlines()[0][:80]})"
    return ""


def _is_stood_in(pair: tuple[str, str]) -> bool:
    return ".".join(pair).startswith(AZUREML_DEFAULTS)


def _lay_out(script: Script, directory: Path, model: Path) -> dict[str, object]:
    root = directory / script.path.stem
    root.mkdir()
    (root / script.path.name).write_bytes(script.path.read_bytes())
    given = root / "azureml-models" / "given" / "1"
    given.mkdir(parents=True)
    for asked in sorted(script.models, key=lambda asked: -len(asked.parts)):
        _provide(asked, given, root, model)
    if not any(given.iterdir()):
        (given / "model.pkl").write_bytes(model.read_bytes())
    variables = {"AZUREML_ENTRY_SCRIPT": script.path.name, MODEL_DIRECTORY: str(given)}
    return {"root": str(root), "variables": variables}


def _provide(asked: ModelFile, given: Path, root: Path, model: Path) -> None:
    folder = given
    parts = [part.replace("**", "any").replace("*", "any") for part in asked.parts]
    if asked.name:
        folder = root / "azureml-models" / asked.name / "1"
        if parts:  # a registered folder: its own name is the one entry of the version
            entries = list(folder.iterdir()) if folder.is_dir() else []
            folder = entries[0] if entries else folder / "folder"
        elif folder.is_dir():
            return
    target = folder.joinpath(*(parts or ["model.pkl"]))
    if target.exists() or not target.resolve().is_relative_to(root.resolve()):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix == ".json":
        target.write_text("{}")
    else:
        target.write_bytes(model.read_bytes())


def _run(python: Path, directory: Path, *, imports: object, jobs: object) -> dict[str, Any]:
    search = str(install_runtime(directory / "runtime"))
    done = subprocess.run(
        [str(python), str(HARNESS)],
        input=json.dumps({"imports": imports, "jobs": jobs, "seconds": SECONDS_EACH}),
        env={**os.environ, "PYTHONPATH": search},
        cwd=directory,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


def _judge(script: Script, python: str, result: dict[str, Any]) -> Outcome:
    log = str(result["log"])
    if result["code"] == 0:
        return Outcome(script, python=python, starts=True, log=log)
    error = _error_of_the_script(log, script.path.name)
    if result["code"] == -14:
        cause = f"takes longer than {SECONDS_EACH} s"
    elif CLOSED_NETWORK.search(log):
        cause = f"asks a foreign service when it starts: {error}"
    elif error.startswith(("FileNotFoundError", "IndexError", "StopIteration")):
        cause = f"needs a file of its own: {error}"
    elif error.startswith(("KeyError",)) and "environ" in log:
        cause = f"needs a variable: {error}"
    elif error.startswith("UserScriptError"):
        cause = f"is no entry script: {error}"
    elif error:
        cause = f"fails by itself: {error}"
    else:
        cause = "serving failed it: " + (log.strip().splitlines() or ["no log"])[-1][:200]
    ours = not error or "azureml" in error or "--full-azureml" in log
    return Outcome(script, python=python, cause=cause, ours=ours, log=log)


def _error_of_the_script(log: str, name: str) -> str:
    """The error of the first traceback that goes through the script, such as `KeyError: 'x'`."""
    for traceback in log.split("Traceback (most recent call last):")[1:]:
        error = ERROR.search(traceback)
        if error and (name in traceback or "UserScriptError" in traceback):
            return error.group(1).rpartition("user_script.")[2][:160]
    return ""

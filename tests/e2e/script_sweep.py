"""Which of the collected entry scripts start, and why the others do not.

`python tests/e2e/script_sweep.py [corpus]` prints the table.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

if __name__ == "__main__":  # run by itself, without pytest's search path
    sys.path.insert(0, str(Path(__file__).parents[1]))

from script_reading import MODEL_DIRECTORY, ModelFile, Script, read_script

from acideploy.serving.azureml import needs_full_azureml
from serving_process import install_runtime, serving_environment

# What the scripts of those days use and a fresh machine gets within seconds.
PACKAGES = (
    "azureml-ai-monitoring",
    "azureml-monitoring",
    "cloudpickle",
    "inference-schema[numpy-support,pandas-support]",
    "joblib",
    "nltk",
    "numpy<3",
    "packaging",
    "pandas<3",
    "Pillow",
    "python-dotenv",
    "PyYAML",
    "requests",
    "scikit-learn<2",
    "scipy",
    "toolz",
    "ujson",
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
CLOSED_NETWORK = re.compile(r"ProxyError|ConnectionError|URLError|Connection refused|LookupError: .*nltk", re.S)


@dataclass(frozen=True)
class Outcome:
    """`cause` says why it was not tried or did not start. `ours` tells that serving is to blame."""

    script: Script
    tried: bool
    starts: bool = False
    cause: str = ""
    ours: bool = False
    log: str = ""


def sweep(corpus: Path) -> list[Outcome]:
    """Starts every script of `corpus/score` that this environment and a small model are enough for."""
    scripts = [read_script(path) for path in sorted((corpus / "score").glob("*.py"))]
    python = serving_environment(*PACKAGES)
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        model = directory / "model.pkl"
        subprocess.run([str(python), "-c", MAKE_MODEL, str(model)], check=True)
        pairs = {pair for script in scripts for pair in script.imports if not _is_azureml(pair[0])}
        failing = _run(python, directory, imports=sorted(pairs), jobs=[])["imports"]
        causes = [_unfit(script, failing) for script in scripts]
        fit = [script for script, cause in zip(scripts, causes, strict=True) if not cause]
        jobs = [_lay_out(script, directory, model) for script in fit]
        results = iter(_run(python, directory, imports=[], jobs=jobs)["jobs"])
        return [
            Outcome(script, tried=False, cause=cause) if cause else _judge(script, next(results))
            for script, cause in zip(scripts, causes, strict=True)
        ]


def table(outcomes: Sequence[Outcome]) -> str:
    lines = [f"{'script':<10} {'outcome':<10} {'kind':<44} cause"]
    for outcome in outcomes:
        word = "starts" if outcome.starts else "fails" if outcome.tried else "not tried"
        kinds = ", ".join(outcome.script.kinds) or "plain"
        lines.append(f"{outcome.script.path.name:<10} {word:<10} {kinds:<44} {outcome.cause}".rstrip())
    tried = [outcome for outcome in outcomes if outcome.tried]
    started = sum(outcome.starts for outcome in tried)
    lines += [
        "",
        f"{len(outcomes)} scripts; {len(tried)} need only packages of this environment, "
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
        if _is_azureml(module) and module.startswith(("azureml.automl", "azureml.train")):
            return f"needs another package: {module}"
    return ""


def _is_azureml(module: str) -> bool:
    return module.partition(".")[0] == "azureml"


def _lay_out(script: Script, directory: Path, model: Path) -> dict[str, object]:
    root = directory / script.path.stem
    root.mkdir()
    (root / "score.py").write_bytes(script.path.read_bytes())
    given = root / "azureml-models" / "given" / "1"
    given.mkdir(parents=True)
    for asked in sorted(script.models, key=lambda asked: -len(asked.parts)):
        _provide(asked, given, root, model)
    variables = {"AZUREML_ENTRY_SCRIPT": "score.py", MODEL_DIRECTORY: str(given)}
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


def _run(python: Path, directory: Path, *, imports: object, jobs: object) -> dict[str, object]:
    search = os.pathsep.join([str(install_runtime(directory / "runtime"))])
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


def _judge(script: Script, result: dict[str, object]) -> Outcome:
    log = str(result["log"])
    if result["code"] == 0:
        return Outcome(script, tried=True, starts=True, log=log)
    error = _error_of_the_script(log)
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
    return Outcome(script, tried=True, cause=cause, ours=ours, log=log)


def _error_of_the_script(log: str) -> str:
    """The last line of the first traceback that goes through the script, such as `KeyError: 'x'`."""
    for traceback in log.split("Traceback (most recent call last):")[1:]:
        error = re.search(r"^(\w[\w.]*(?:Error|Exception|Exit|Iteration|Warning|NotFound)\w*.*)$", traceback, re.M)
        if error and ("score.py" in traceback or "UserScriptError" in traceback):
            return error.group(1).rpartition("user_script.")[2][:160]
    return ""


if __name__ == "__main__":
    default = os.environ.get("ACIDEPLOY_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus"
    print(table(sweep(Path(sys.argv[1] if len(sys.argv) > 1 else default))))

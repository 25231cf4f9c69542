"""`make bench`: one table, each row a ratio against a named baseline of the same run.

`python -m tests.bench images layers` measures those parts alone; all are in PARTS.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.bench.bench_azure import azure
from tests.bench.bench_azure_many import azure_many
from tests.bench.bench_emulator import emulator
from tests.bench.bench_environments import environments
from tests.bench.bench_images import images
from tests.bench.bench_layers import layers
from tests.bench.bench_model_sizes import model_sizes
from tests.bench.bench_serving import requests_per_second
from tests.bench.bench_uploads import uploads
from tests.bench.measure import (
    Phases,
    Row,
    compared,
    peak_megabytes,
    random_file,
    seconds,
    table,
)
from tests.bench.project import ACIDEPLOY

FILES = ("-ic", "inferenceconfig.json", "-dc", "deploymentconfig.json")
DEPLOY = (ACIDEPLOY, "model", "deploy", "-n", "iris-svc", "-m", "iris:1", *FILES, "-o", "none")
MODEL_MEGABYTES = 500


def start_up(folder: Path) -> Iterator[Row]:
    """What every command and every press of Tab costs."""
    imported = seconds([sys.executable, "-c", "import click"], runs=10)
    baseline = 'python -c "import click"'
    helped = seconds([ACIDEPLOY, "--help"], runs=10)
    yield compared("acideploy --help", helped, baseline, imported, asked="at most 3")
    words = {"COMP_WORDS": "acideploy service show -n ", "COMP_CWORD": "4"}
    tab = {**os.environ, "_ACIDEPLOY_COMPLETE": "bash_complete", **words}
    completed = seconds([ACIDEPLOY], runs=10, env=tab)
    yield compared("completion of a name", completed, baseline, imported, asked="at most 3")


def deploys(folder: Path) -> Iterator[Row]:
    """What a deploy costs when the environment is there already, and when nothing changed."""
    env = {**os.environ, "ACIDEPLOY_HOME": str(folder / "home"), "CI": "true"}
    project = folder / "project"
    seconds([ACIDEPLOY, "init", str(project)], env=env)
    at_project = {"env": env, "cwd": project}
    seconds([ACIDEPLOY, "model", "register", "-n", "iris", "-p", "model.pkl"], **at_project)
    first = seconds(DEPLOY, **at_project)
    script = project / "score.py"
    times = []
    for number in range(3):
        script.write_text(f"{script.read_text()}# {number}\n")
        times.append(seconds([*DEPLOY, "--overwrite"], **at_project))
    python = next((folder / "home" / "environments").glob("*/bin/python"))
    modules = "import azureml_inference_server_http.server.entry"
    imports = (
        modules.replace(".server.entry", ".server.user_script") + ", sklearn.linear_model, granian"
    )
    bare = seconds([str(python), "-c", imports], runs=3)
    yield compared(
        "deploy again, other code, same environment",
        min(times),
        "python importing the server and scikit-learn",
        bare,
        asked="its server in under 2 s",
    )
    same = seconds([*DEPLOY, "--overwrite"], runs=3, **at_project)
    yield compared("deploy again, nothing changed", same, "first deploy, warm uv cache", first)
    seconds([ACIDEPLOY, "service", "delete", "-n", "iris-svc"], **at_project)


def models(folder: Path) -> Iterator[Row]:
    """What registering costs, beside reading the same bytes, and how much memory it takes."""
    env = {**os.environ, "ACIDEPLOY_HOME": str(folder / "models"), "CI": "true"}
    big = random_file(folder / "big.bin", MODEL_MEGABYTES)
    small = random_file(folder / "small.bin", 1)
    register = (ACIDEPLOY, "model", "register", "-o", "none", "-n")
    hashed = seconds(["sha256sum", str(big)], runs=2)
    registered = seconds([*register, "big", "-p", str(big)], env=env, cwd=folder)
    title = f"register a model of {MODEL_MEGABYTES} MB"
    yield compared(title, registered, "sha256sum of it", hashed)
    copied = seconds(["cp", str(big), str(folder / "copy.bin")])
    download = (ACIDEPLOY, "model", "download", "-i", "big:1", "-t", "out", "-o", "none")
    downloaded = seconds(download, env=env, cwd=folder)
    yield compared("unpack it, digest checked", downloaded, "cp and sha256sum", copied + hashed)
    most = peak_megabytes([*register, "big", "-p", str(big)], env=env, cwd=folder)
    least = peak_megabytes([*register, "small", "-p", str(small)], env=env, cwd=folder)
    yield Row("peak memory of that", f"{most:.0f} MiB", f"1 MB ({least:.0f} MiB)", most / least)


def serving(folder: Path) -> Iterator[Row]:
    """What granian, with our layers, serves against the scoring package's own set-up."""
    ours, theirs = requests_per_second()
    title = "requests/s, 4 clients with keep-alive, one worker"
    baseline = f"azmlinfsrv, gunicorn ({theirs:.0f} requests/s)"
    yield Row(title, f"{ours:.0f} requests/s", baseline, ours / theirs)


PARTS: Mapping[str, Callable[[Path], Iterator[Row | Phases]]] = {
    "start_up": start_up,
    "deploys": deploys,
    "models": models,
    "serving": serving,
    "images": images,
    "environments": environments,
    "model_sizes": model_sizes,
    "layers": layers,
    "uploads": uploads,
    "emulator": emulator,
    "azure": azure,
    "azure_many": azure_many,
}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="acideploy-bytecode-") as bytecode:
        # As where pip has installed it: modules are compiled once, in the first run of each.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = bytecode
        _print_all()


def _print_all() -> None:
    measured = [each for name in sys.argv[1:] or PARTS for each in _measured(name)]
    print(table([each for each in measured if isinstance(each, Row)]))
    for phases in (each for each in measured if isinstance(each, Phases)):
        print(f"\n{phases.what}: {phases.tells}", *phases.lines, sep="\n")


def _measured(name: str) -> list[Row | Phases]:
    """In a folder that is gone, with its gigabytes, before the next part begins."""
    folder = Path(tempfile.mkdtemp(prefix="acideploy-bench-"))
    try:
        return list(PARTS[name](folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

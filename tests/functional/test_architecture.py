"""Who may import what: the rules that hold the package's shape."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from acideploy.errors import RegistryError

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "acideploy"


def _modules() -> Iterator[Path]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "template" not in path.parts and "runtime" not in path.parts:
            yield path


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def _importing(name: str) -> list[str]:
    return [
        str(path.relative_to(PACKAGE))
        for path in _modules()
        if any(each == name or each.startswith(f"{name}.") for each in _imports(path))
    ]


@pytest.mark.parametrize("library", ["click", "rich"])
def test_only_the_command_line_knows_of_the_terminal(library: str) -> None:
    assert [path for path in _importing(library) if not path.startswith("cli/")] == []


def test_rich_is_imported_by_the_live_renderer_alone() -> None:
    assert _importing("rich") == ["cli/render/live.py"]


def test_the_core_does_not_know_the_command_line() -> None:
    importing = _importing("acideploy.cli")
    assert [path for path in importing if not path.startswith(("cli/", "__main__"))] == []


def test_azure_is_imported_by_few_and_by_nothing_local() -> None:
    assert {path.rpartition("/")[0] or path for path in _importing("azure")} == {
        "azure",
        "credentials.py",
        "registry/acr",
    }


def test_the_docker_sdk_is_known_to_few() -> None:
    assert _importing("docker") == [
        "credentials.py",
        "emulator/aci/engine/api.py",
        "emulator/acr/engine.py",
        "targets/local/engine.py",
    ]


def test_the_emulator_shares_nothing_with_what_it_tests() -> None:
    shared = {
        name
        for path in _modules()
        if path.is_relative_to(PACKAGE / "emulator")
        for name in _imports(path)
        if name.startswith("acideploy.") and not name.startswith("acideploy.emulator")
    }
    assert shared == set()
    importing = _importing("acideploy.emulator")
    assert [path for path in importing if not path.startswith("emulator/")] == [
        "cli/commands/emulator.py"
    ]


def test_rattler_is_known_to_few() -> None:
    assert _importing("rattler") == ["environment/conda.py", "environment/conda_prefix.py"]


def test_only_the_clock_reads_the_time() -> None:
    reading = [
        path
        for path in _modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in {("time", "sleep"), ("datetime", "now")}
    ]
    assert {path.name for path in reading} == {"clock.py"}


def test_parts_are_put_together_in_one_place() -> None:
    assert _importing("acideploy.models.store") == ["parts.py"]
    assert _importing("acideploy.models.registry_store") == ["parts.py"]
    opening = _importing("acideploy.targets.local.target")
    assert set(opening) - {"opened.py", "local_services.py"} == {"parts.py"}


@pytest.mark.parametrize("arguments", [["--help"], ["model", "deploy", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        "from acideploy.cli.root import run\n"
        "import contextlib\n"
        f"with contextlib.suppress(SystemExit): run({arguments!r})\n"
        "heavy = {'azure', 'jsonschema', 'rich', 'yaml', 'jmespath', 'psutil', 'docker'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_a_package_loads_nothing_that_runs_services(tmp_path: Path) -> None:
    (tmp_path / "score.py").write_text("def init(): pass\ndef run(data): return data\n")
    (tmp_path / "conda.yml").write_text("dependencies: [python=3.11, pip: [tiny]]\n")
    arguments = "model package --es score.py --cf conda.yml -m iris:1 --registry localhost:1"
    script = (
        "import sys\n"
        "from acideploy.cli.root import run\n"
        f"print(run({arguments.split()!r}), *sorted(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "ACIDEPLOY_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=True,
    )
    code, *loaded = done.stdout.split()
    # It came as far as the registry, which nobody answers for.
    assert int(code) == RegistryError.exit_code, done.stderr
    assert "acideploy.registry.acr.transport" in loaded
    needless = ("docker", "psutil", "requests", "urllib3", "jsonschema", "acideploy.targets.local")
    assert [name for name in needless if name in loaded] == []

"""What is installed is all that is needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import uv

from tests.documents import ROOT


def test_an_installed_wheel_has_its_schemas_template_and_serving_files(tmp_path: Path) -> None:
    uv_program = uv.find_uv_bin()
    subprocess.run(
        [uv_program, "build", "--quiet", "--wheel", "--out-dir", str(tmp_path), str(ROOT)],
        check=True,
    )
    wheel = next(tmp_path.glob("*.whl"))
    installed = tmp_path / "installed"
    # Compiled, as pip does, which leaves folders beside every file.
    install = ("pip", "install", "--quiet", "--no-deps", "--compile-bytecode", "--target")
    subprocess.run([uv_program, *install, str(installed), str(wheel)], check=True)

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "acideploy", *arguments]
        variables = {**os.environ, "PYTHONPATH": str(installed), "ACIDEPLOY_HOME": str(tmp_path)}
        done = subprocess.run(
            command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert "model.pkl" in run("init", "demo")
    files = ("-ic", "demo/inferenceconfig.json", "-dc", "demo/deploymentconfig.json")
    assert "no problems" in run("check", *files, "--source-directory", "demo")
    assert '"make"' in run(
        "model", "deploy", "-n", "iris-svc", *files, "--sd", "demo", "--dry-run", "-o", "json"
    )


def test_make_demo_ends_with_the_score(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    left_out = shutil.ignore_patterns(".git", ".venv", ".cache", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, clone, ignore=left_out)
    done = subprocess.run(
        ["make", "--no-print-directory", "demo"],
        cwd=clone,
        env={name: value for name, value in os.environ.items() if "MAKE" not in name},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith('{\n  "species": [\n    "setosa",\n    "virginica"\n  ]\n}\n'), (
        done.stdout
    )

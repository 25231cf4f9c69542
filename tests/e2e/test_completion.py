"""Completion in the real shells: a key is pressed, and what the shell then runs is read."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pexpect
import pytest

ROOT = Path(__file__).parents[2]
TAB = "\t"

# Each shell with a prompt to wait for, the script loaded, and a function in place of the program,
# which says what the shell would have run. The scripts themselves call the real program.
BASH = r"""
PS1='rea''dy> '; bind 'set enable-bracketed-paste off'; bind 'set bell-style none'
source '{scripts}/acideploy.bash'
acideploy() {{ printf 'ran'; printf '[%s]' "$@"; printf '.\n'; }}
"""
ZSH = r"""
PS1='rea''dy> '; unsetopt beep prompt_sp zle_bracketed_paste; zle_bracketed_paste=()
fpath=('{scripts}' $fpath); autoload -U compinit; compinit -u -D
acideploy() {{ printf 'ran'; printf '[%s]' "$@"; printf '.\n' }}
"""
FISH = r"""
function fish_prompt; echo -n 'rea''dy> '; end
function fish_greeting; end
source '{scripts}/acideploy.fish'
function acideploy; printf 'ran'; printf '[%s]' $argv; printf '.\n'; end
"""
SHELLS = {
    "bash": (["--norc", "--noprofile", "-i"], BASH),
    "zsh": (["-f", "-i"], ZSH),
    "fish": (["--no-config", "-i"], FISH),
}

CASES = [
    ("acideploy mod", "[model]"),
    ("acideploy service get-l", "[service][get-logs]"),
    ("acideploy model deploy --inf", "[model][deploy][--inference-config-file]"),
    ("acideploy model deploy --only-sh", "[model][deploy][--only-show-errors]"),
    ("acideploy service show -n ir", "[service][show][-n][iris-svc]"),
    ("acideploy model show -i ir", "[model][show][-i][iris:1]"),
    ("acideploy model deploy -m iris:", "[model][deploy][-m][iris:1]"),
    (
        "acideploy model deploy --model iris:1 -m oth",
        "[model][deploy][--model][iris:1][-m][other:7]",
    ),
    ("acideploy model list -n ot", "[model][list][-n][other]"),
    ("acideploy service list -o ts", "[service][list][-o][tsv]"),
    ("acideploy model deploy --ae tr", "[model][deploy][--ae][true]"),
    ("acideploy model deploy --compute-type lo", "[model][deploy][--compute-type][local]"),
    ("acideploy check -ic inference", "[check][-ic][inferenceconfig.json]"),
    ("acideploy check -dc conf", "[check][-dc][config dir]"),
    ("acideploy service run -d @sam", "[service][run][-d][@sample.json]"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working directory with files, and a home with two models and a service."""
    home = tmp_path / "home"
    (home / "services" / "iris-svc").mkdir(parents=True)
    (home / "store").mkdir()
    names = ("models/iris:1", "models/other:7")
    manifests = ",".join(
        f'{{"annotations": {{"org.opencontainers.image.ref.name": "{name}"}}}}' for name in names
    )
    (home / "store" / "index.json").write_text(f'{{"manifests": [{manifests}]}}')
    work = tmp_path / "work"
    (work / "config dir").mkdir(parents=True)
    for name in ("inferenceconfig.json", "sample.json"):
        (work / name).touch()
    return work


def shell(name: str, folder: Path) -> pexpect.spawn:
    """A shell in a terminal, ready for a line to be typed."""
    if shutil.which(name) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    arguments, setup = SHELLS[name]
    script = folder.parent / f"setup.{name}"
    script.write_text(setup.format(scripts=ROOT / "completions"))
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder.parent),
        "XDG_CONFIG_HOME": str(folder.parent),
        "XDG_DATA_HOME": str(folder.parent),
        "ACIDEPLOY_HOME": str(folder.parent / "home"),
        "TERM": "xterm",
        "LANG": "C.UTF-8",
    }
    child = pexpect.spawn(
        name, arguments, env=environment, cwd=folder, encoding="utf-8", timeout=20
    )
    child.setwinsize(50, 200)
    child.sendline(f"source '{script}'")
    child.expect("ready> ")
    return child


@pytest.mark.parametrize("name", SHELLS)
def test_a_shell_completes_commands_options_values_and_names(name: str, folder: Path) -> None:
    child = shell(name, folder)
    ran = {}
    for typed, _ in CASES:
        child.send(typed + TAB)
        child.expect(r".+", timeout=20)
        # The shell runs the line when it has done with the key before.
        child.send("\r")
        child.expect(r"ran(\[[^\r\n]*\])\.")
        ran[typed] = child.match[1].replace("/]", "]")
        child.expect("ready> ")
    child.close(force=True)
    assert ran == dict(CASES)


@pytest.mark.parametrize(
    ("name", "file"),
    [("bash", "acideploy.bash"), ("zsh", "_acideploy"), ("fish", "acideploy.fish")],
)
def test_the_scripts_in_the_repository_are_those_that_are_printed(name: str, file: str) -> None:
    from acideploy.cli.completion import SCRIPTS

    assert (ROOT / "completions" / file).read_text(encoding="utf-8") == SCRIPTS[name]

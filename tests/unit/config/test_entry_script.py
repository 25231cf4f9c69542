"""What is known of an entry script without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.config.checked import Findings
from acideploy.config.entry_script import check_entry_script, check_entry_script_name
from acideploy.config.problem import Place, Problem

INIT = "def init():\n    pass\n"
GOOD = INIT + "def run(data):\n    return data\n"


def _problems(
    tmp_path: Path, code: str | bytes, python: tuple[int, int] | None = None
) -> list[Problem]:
    path = tmp_path / "score.py"
    path.write_bytes(code if isinstance(code, bytes) else code.encode())
    findings = Findings()
    check_entry_script(path, "score.py", findings, python=python)
    return findings.problems


@pytest.mark.parametrize(
    "code",
    [
        GOOD,
        "\ufeff" + GOOD,
        "# -*- coding: latin-1 -*-\n" + GOOD,
        "init = run = lambda data: data",
        "from model import init, run",
        "from model import start as init, predict as run",
        "from model import *",
        "import run, init",
        "try:\n    from a import run\nexcept ImportError:\n    def run(x): pass\n" + INIT,
        "if True:\n    " + GOOD.replace("\n", "\n    "),
        "with open('x') as init:\n    run = 1",
        "for init, run in []: pass",
        INIT + "def run(data, request_headers): pass",
        INIT + "def run(*, data): pass",
        INIT + "def run(data, other=1, *, more=2): pass",
        INIT + "@input_schema('a', x)\n@input_schema('b', y)\ndef run(a, b): pass",
        INIT + "@rawhttp\ndef run(request): pass",
        INIT + "@traced\ndef run(*args, **kwargs): pass",
        INIT + "class Run:\n    pass\nrun = Run()",
        "def init(path='x', *rest): pass\ndef make():\n    global run\n    run = print\nmake()",
        "globals().update(init=1, run=2)",
        "if __name__ == '__main__':\n    from . import tests\nelse:\n    init = run = print",
        "try:\n    from . import model\nexcept ImportError:\n    import model\n" + GOOD,
        INIT + "@input_schema(name, x)\n@input_schema(param_name='b', y=1)\ndef run(a, b): pass",
    ],
)
def test_a_script_with_init_and_run_by_any_means_is_accepted(tmp_path: Path, code: str) -> None:
    assert _problems(tmp_path, code) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 1", ["missing-init", "missing-run"]),
        (INIT, ["missing-run"]),
        (
            "class Model:\n    def init(self): pass\n    def run(self, data): pass",
            ["missing-init", "missing-run"],
        ),
        ("init: int\n" + GOOD.replace("init", "start"), ["missing-init"]),
        (INIT + "def run(): pass", ["bad-run-signature"]),
        (INIT + "def run(request_headers): pass", ["bad-run-signature"]),
        (INIT + "def run(*args): pass", ["bad-run-signature"]),
        (INIT + "def run(data, *more): pass", ["bad-run-signature"]),
        (INIT + "def run(data, **more): pass", ["bad-run-signature"]),
        (INIT + "def run(data, /): pass", ["bad-run-signature"]),
        (INIT + "async def run(data): pass", ["bad-run-signature"]),
        (INIT + "@rawhttp\n@input_schema('a', x)\ndef run(a): pass", ["bad-run-signature"]),
        (GOOD.replace("init()", "init(path)"), ["bad-init-signature"]),
        (GOOD.replace("init()", "init(*, path)"), ["bad-init-signature"]),
        ("async " + GOOD, ["bad-init-signature"]),
        ("if __name__ == '__main__':\n    init = run = print", ["missing-init", "missing-run"]),
        ("from . import model\n" + GOOD, ["relative-import"]),
        ("from .model import load\n" + GOOD, ["relative-import"]),
        (GOOD + "return 1\n", ["script-syntax"]),
        ("def init():\n    global run\n    run = print\n", ["missing-run"]),
        ("from __future__ import anything\n" + GOOD, ["script-syntax"]),
    ],
)
def test_a_script_that_the_server_cannot_use_is_refused(
    tmp_path: Path, code: str, expected: list[str]
) -> None:
    problems = _problems(tmp_path, code)
    assert [(each.code, each.severity) for each in problems] == [(c, "error") for c in expected]


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("def Init(): pass\ndef run(data): pass", "rename Init() to init()"),
        (
            "class Model:\n    def init(self): pass\ndef run(data): pass",
            "the init() of line 2 has to be at the top level",
        ),
        ("x = 1\ndef run(data): pass", "define a function init() at the top level"),
    ],
)
def test_a_function_that_is_nearly_there_is_pointed_out(
    tmp_path: Path, code: str, hint: str
) -> None:
    (problem,) = _problems(tmp_path, code)
    assert (problem.hint or "").startswith(hint)


@pytest.mark.parametrize(
    "code",
    [
        "print 'a'",
        "raise ValueError, 'a'",
        "x = `1`",
        "x = 1 <> 2",
        "x = ur'a'",
        "x = 0777",
        "x = 10L",
        "try:\n    pass\nexcept socket.error, e:\n    pass",
    ],
)
def test_python_2_is_recognised(tmp_path: Path, code: str) -> None:
    (problem,) = _problems(tmp_path, code)
    assert (problem.hint or "").startswith("this is Python 2")


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("%%writefile score.py\n" + GOOD, "this line is for a notebook: remove it"),
        ("!pip install numpy\n" + GOOD, "this line is for a notebook: remove it"),
        ("x = 'é'\n".encode("latin-1"), "save the file as UTF-8"),
        (GOOD.encode("utf-16"), "save the file as UTF-8"),
        ("x = = 1", None),
    ],
)
def test_what_is_no_python_at_all_is_told_with_the_edit(
    tmp_path: Path, code: str | bytes, hint: str | None
) -> None:
    (problem,) = _problems(tmp_path, code)
    assert (problem.code, problem.hint) == ("script-syntax", hint)


@pytest.mark.parametrize("schema", ["'data', x", "param_name='data', param_type=x"])
def test_a_schema_for_another_parameter_is_warned_of(tmp_path: Path, schema: str) -> None:
    (problem,) = _problems(tmp_path, INIT + f"@input_schema({schema})\ndef run(raw): pass")
    assert (problem.code, problem.severity) == ("bad-run-signature", "warning")
    assert "'data'" in problem.message


def test_a_long_chain_of_branches_is_followed_to_its_end(tmp_path: Path) -> None:
    chain = "if x: pass\n" + "elif x: pass\n" * 2000 + "else:\n    def run(): pass\n"
    problems = _problems(tmp_path, INIT + chain)
    assert [each.code for each in problems] in (["bad-run-signature"], ["script-syntax"])


def test_the_last_definition_counts(tmp_path: Path) -> None:
    assert _problems(tmp_path, INIT + "def run(): pass\ndef run(data): pass") == []
    assert _problems(tmp_path, INIT + "def run(): pass\nrun = wrap(run)") == []


def test_run_with_two_required_parameters_and_no_schema_is_warned_of(tmp_path: Path) -> None:
    problems = _problems(tmp_path, INIT + "def run(a, b): pass")
    assert [(each.code, each.severity) for each in problems] == [("bad-run-signature", "warning")]


@pytest.mark.parametrize(
    "code", [b"def init(:\n", b"x = '", b"\x00", b"\xff\xfe", b"(" * 5000, b"x = " + b"-" * 200_000]
)
def test_a_script_that_is_not_python_is_refused(tmp_path: Path, code: bytes) -> None:
    problems = _problems(tmp_path, code)
    assert [(each.code, each.severity) for each in problems] == [("script-syntax", "error")]
    assert problems[0].place
    assert problems[0].place.line


def test_a_syntax_error_has_its_line_and_column(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, GOOD + "x = = 1\n")
    assert problem.place is not None
    assert str(problem.place) == "score.py:5:5"
    assert problem.place.text == "x = = 1"


@pytest.mark.parametrize(
    "code", ["print 'x'", "try:\n    pass\nexcept Error, e:\n    pass", "exec 'x'"]
)
def test_python_2_is_named(tmp_path: Path, code: str) -> None:
    (problem,) = _problems(tmp_path, code)
    assert problem.hint is not None
    assert "Python 2" in problem.hint


def test_syntax_too_new_for_the_environment_is_warned_of(tmp_path: Path) -> None:
    code = GOOD + "if (n := 1): pass\n"
    assert _problems(tmp_path, code, (3, 9)) == []
    (problem,) = _problems(tmp_path, code, (3, 6))
    assert (problem.code, problem.severity) == ("script-syntax", "warning")


def test_syntax_that_only_a_newer_python_knows_is_no_error(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, GOOD + "x = = 1\n", (3, 99))
    assert problem.severity == "warning"


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("score.R", "not-python", None),
        ("score", "not-python", None),
        ("my-score.py", "bad-entry-script-name", "rename it to my_score.py"),
        ("5score.py", "bad-entry-script-name", "rename it to _5score.py"),
        ("class.py", "bad-entry-script-name", "rename it to _class.py"),
        ("a.b.py", "bad-entry-script-name", "rename it to a_b.py"),
    ],
)
def test_a_name_that_cannot_be_imported_is_refused(name: str, code: str, hint: str | None) -> None:
    findings = Findings()
    check_entry_script_name(Path("src") / name, Place(file="f"), findings)
    assert [(each.code, each.hint) for each in findings.problems] == [(code, hint)]


@pytest.mark.parametrize("name", ["score.py", "_score2.py", "größe.py", "match.py"])
def test_a_module_name_is_accepted(name: str) -> None:
    findings = Findings()
    check_entry_script_name(Path(name), Place(file="f"), findings)
    assert findings.problems == []

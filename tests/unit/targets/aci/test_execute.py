from __future__ import annotations

import subprocess

import pytest

from acideploy.errors import UnsupportedError
from acideploy.targets.aci.execute import Transcript

SHOWN = (
    b"# stty -echo; echo 'begin'-1a; ( ls\r\n> ) ...; printf '\\n%s-1a' 'end'\r\n# begin-1a\r\n"
    b"one\r\ntwo\r\n\r\nend-1a 3\r\n# exit\r\n"
)


def heard(shown: bytes, *, size: int) -> tuple[bytes, int | None]:
    written: list[bytes] = []
    transcript = Transcript("1a", written.append)
    for start in range(0, len(shown), size):
        if not transcript.hear(shown[start : start + size]):
            break
    return b"".join(written), transcript.code


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_the_output_stands_between_the_marks_however_it_comes(size: int) -> None:
    assert heard(SHOWN, size=size) == (b"one\ntwo\n", 3)


@pytest.mark.parametrize("size", [1, 1000])
def test_a_last_line_without_an_end_stays_one(size: int) -> None:
    assert heard(b"begin-1a\r\none\r\nend-1a 0\r\n", size=size) == (b"one", 0)


@pytest.mark.parametrize("size", [1, 1000])
def test_a_command_may_say_nothing(size: int) -> None:
    assert heard(b"begin-1a\r\n\r\nend-1a 0\r\n", size=size) == (b"", 0)


def test_a_shell_that_ends_early_gives_no_code() -> None:
    assert heard(b"begin-1a\r\none\r\n", size=1000)[1] is None


@pytest.mark.parametrize(
    ("command", "written", "code"),
    [
        (["echo one; exit 5"], b"one\n", 5),
        (["printf", "%s|", "a b", "$HOME"], b"a b|$HOME|", 0),
        (["cat"], b"", 0),
        (["false # no"], b"", 1),
    ],
)
def test_a_real_shell_runs_what_is_typed(command: list[str], written: bytes, code: int) -> None:
    told: list[bytes] = []
    transcript = Transcript("1a", told.append)
    line = transcript.typed(command)
    shown = subprocess.run(["sh"], input=line.encode(), capture_output=True, check=False).stdout
    assert transcript.hear(shown) is False
    assert (b"".join(told), transcript.code) == (written, code)


def test_a_command_that_no_terminal_takes_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="more than"):
        Transcript("1a", lambda said: None).typed(["x" * 4000])

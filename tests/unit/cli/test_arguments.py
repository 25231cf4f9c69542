from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from acideploy.cli.arguments import expand, spell_out
from acideploy.cli.usage import WrongUsage

OPTIONS = {
    "--name": True,
    "-n": True,
    "--inference-config-file": True,
    "--ic": True,
    "-ic": True,
    "--compute-type": True,
    "--compute-target": True,
    "--output": True,
    "--output-metadata-file": True,
    "-g": True,
    "-d": True,
    "-v": False,
    "-o": True,
    "--overwrite": False,
}


@pytest.mark.parametrize(
    ("given", "spelt"),
    [
        (["--inference-config", "f"], ["--inference-config-file", "f"]),
        (["--inference-config=f"], ["--inference-config-file", "f"]),
        (["--name=a=b"], ["--name", "a=b"]),
        (["-gGROUP"], ["-g", "GROUP"]),
        (["-ic", "f"], ["-ic", "f"]),
        (["-ic=f"], ["-ic", "f"]),
        (["--output", "tsv"], ["--output", "tsv"]),
        (["--over"], ["--overwrite"]),
        (["-vo", "tsv"], ["-v", "-o", "tsv"]),
        (["-votsv"], ["-v", "-o", "tsv"]),
        (["--name", "-x"], ["--name", "-x"]),
        (["-n", "-5"], ["-n", "-5"]),
        (["--name", ""], ["--name", ""]),
        (["--", "--nonsense", "@x"], ["--", "--nonsense", "@x"]),
    ],
)
def test_every_option_is_written_in_full(given: list[str], spelt: list[str]) -> None:
    assert spell_out(given, OPTIONS) == spelt


def test_an_ambiguous_prefix_lists_what_it_could_be() -> None:
    with pytest.raises(WrongUsage, match="--compute could be --compute-target, --compute-type"):
        spell_out(["--compute", "aci"], OPTIONS)


@pytest.mark.parametrize("word", ["--computetype", "--computetype=aci"])
def test_an_unknown_option_names_the_nearest(word: str) -> None:
    with pytest.raises(WrongUsage, match="no such option: --computetype") as caught:
        spell_out([word], OPTIONS)
    assert "--compute-type" in caught.value.hint


def test_an_unknown_option_with_one_dash_is_told_whole() -> None:
    with pytest.raises(WrongUsage, match="no such option: -xyz"):
        spell_out(["-xyz"], OPTIONS)


def test_an_option_does_not_swallow_the_next_option() -> None:
    with pytest.raises(WrongUsage, match="--name needs a value, and is followed by --ic"):
        spell_out(["--name", "--ic", "f"], OPTIONS)


@pytest.mark.parametrize("word", ["service", "-", "", "[--overwrite]"])
def test_a_word_that_no_option_takes_is_refused(word: str) -> None:
    assert spell_out([word], OPTIONS, words_allowed=1) == [word]
    with pytest.raises(WrongUsage, match="unexpected argument"):
        spell_out([word], OPTIONS)


def test_an_option_at_the_end_needs_a_value() -> None:
    with pytest.raises(WrongUsage, match="--name needs a value") as caught:
        spell_out(["--name"], OPTIONS)
    assert caught.value.hint is None


def test_a_word_behind_a_switch_is_no_value_of_it() -> None:
    with pytest.raises(WrongUsage, match="unexpected argument: true") as caught:
        spell_out(["--overwrite", "true"], OPTIONS)
    assert caught.value.hint == "--overwrite takes no value"


def test_a_switch_with_a_value_is_left_for_click_to_refuse() -> None:
    assert spell_out(["--overwrite=true"], OPTIONS) == ["--overwrite=true"]


@pytest.mark.parametrize("arguments", [["-d", "@{}"], ["-d@{}"], ["-d=@{}"]])
def test_a_file_value_is_its_content_without_the_last_newline(
    tmp_path: Path, arguments: list[str]
) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b'{"a": 1}\n\n')
    given = [argument.format(file) for argument in arguments]
    assert spell_out(given, OPTIONS)[1] == '{"a": 1}\n'


def test_the_value_of_a_pair_can_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("long text")
    assert expand(f"notes=@{tmp_path / 'a'}") == "notes=long text"


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"[1]\n")))
    assert expand("@-") == "[1]"


@pytest.mark.parametrize("value", ["@", "@.length", "a@b.c", "x=a@b", "@no/such/file", ""])
def test_what_names_no_file_is_meant_as_it_stands(value: str) -> None:
    assert expand(value) == value


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_the_value(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "a.json"
    file.write_bytes('"ü"\r\n'.encode(encoding))
    assert expand(f"@{file}") == '"ü"'


@pytest.mark.parametrize("image", [b"\xff\xd8\xff\xe0 jpeg\n", b"\xff\xfe\x00\xd8\n"])
def test_bytes_that_are_no_text_survive(tmp_path: Path, image: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(image)
    assert expand(f"@{tmp_path / 'a.jpg'}").encode(errors="surrogateescape") == image


@pytest.mark.parametrize(
    ("word", "meant"), [("–n", "-n"), ("—name", "--name"), ("––name", "--name"), ("−ic", "--ic")]
)
def test_a_typographic_dash_is_pointed_out(word: str, meant: str) -> None:
    with pytest.raises(WrongUsage) as raised:
        spell_out([word, "x"], OPTIONS)
    assert raised.value.hint.endswith(f"write {meant}")

from __future__ import annotations

from acideploy.cli.command import single_dashed
from acideploy.cli.options import Option


def spellings(*options: Option) -> list[str]:
    return [spelling for option in single_dashed(options) for spelling in option.opts]


def test_a_short_of_two_or_three_letters_is_taken_with_one_dash() -> None:
    assert spellings(Option("--compute-target", "--ct")) == ["--compute-target", "--ct", "-ct"]
    assert "-ccl" in spellings(Option("--cpu-cores-limit", "--ccl"))


def test_one_dash_is_left_to_an_option_of_one_letter() -> None:
    assert "-es" not in spellings(Option("--entry-script", "--es"), Option("--name", "-e"))
    assert "-gb" not in spellings(Option("--memory-gb", "--gb"))


def test_what_is_given_with_one_dash_is_taken_all_the_same() -> None:
    assert spellings(Option("--dc-file", "--dc", "-dc"), Option("--d", "-d")).count("-dc") == 1


def test_the_options_of_other_commands_are_left_alone() -> None:
    shared = Option("--entry-script", "--es")
    single_dashed([shared])
    assert shared.opts == ["--entry-script", "--es"]

"""What is written in two places says the same."""

from __future__ import annotations

import pytest

from tests.documents import README, ROOT, SHELLS, completion, generated_readme

REGENERATE = "run `make documents`"


def test_the_readmes_generated_parts_are_up_to_date() -> None:
    text = README.read_text()
    assert text == generated_readme(text), REGENERATE


@pytest.mark.parametrize("shell", SHELLS)
def test_the_completion_scripts_are_what_the_command_prints(shell: str) -> None:
    file = ROOT / "completions" / SHELLS[shell]
    assert file.read_text() == completion(shell), REGENERATE

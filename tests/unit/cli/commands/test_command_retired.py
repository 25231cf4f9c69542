from __future__ import annotations

import pytest

from tests.unit.cli.fake_workspace import FakeWorkspace, RunCli


@pytest.mark.parametrize(
    "line",
    [
        "service get-access-token -n svc -w ws -g rg",
        "model profile -n p -m iris:1 --ic ic.json --idi data --cc 1 --memory-in-gb 2 -t out",
    ],
)
def test_a_retired_command_reads_its_flags_and_says_what_to_do(
    cli: RunCli, workspace: FakeWorkspace, line: str
) -> None:
    outcome = cli(line)
    assert outcome.code == 12
    assert outcome.err.startswith("acideploy: error: ")
    assert "\nhint: " in outcome.err
    assert workspace.asked == []

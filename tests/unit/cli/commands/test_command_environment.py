from __future__ import annotations

import json
from pathlib import Path

from acideploy.environment_upgrade import UpgradeRequest
from tests.unit.cli.fake_workspace import UPGRADED, FakeWorkspace, RunCli


def test_an_upgrade_prints_the_difference_and_its_reasons_apart(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    outcome = cli("environment upgrade --cf conda.yml")
    assert outcome.code == 0
    assert outcome.out == UPGRADED.difference
    assert outcome.err == (
        "conda.yml:7:7: tiny==0.9 -> tiny==1.0: no wheel for Python 3.8 before 1.0\n"
    )
    assert workspace.asked == [UpgradeRequest(conda_file=Path("conda.yml"))]


def test_an_upgrade_writes_only_where_it_is_told_to(cli: RunCli, workspace: FakeWorkspace) -> None:
    cli("environment upgrade --conda-file conda.yml --write")
    cli("environment upgrade --conda-file conda.yml --of new.yml --python 3.9 --no-conda")
    assert workspace.asked == [
        UpgradeRequest(conda_file=Path("conda.yml"), output=Path("conda.yml")),
        UpgradeRequest(
            conda_file=Path("conda.yml"), output=Path("new.yml"), python="3.9", no_conda=True
        ),
    ]


def test_an_upgrade_cannot_be_written_to_two_places(cli: RunCli, workspace: FakeWorkspace) -> None:
    outcome = cli("environment upgrade --cf conda.yml --write --output-file new.yml")
    assert outcome.code == 2
    assert "cannot be given together" in outcome.err
    assert workspace.asked == []


def test_an_upgrade_is_json_or_a_table_where_that_is_asked_for(cli: RunCli) -> None:
    shape = json.loads(cli("environment upgrade --cf conda.yml -o json").out)
    assert (shape["python"], shape["notChecked"]) == ("3.8", ["big=1"])
    assert shape["changes"][0] == {
        "line": 7,
        "before": "tiny==0.9",
        "after": "tiny==1.0",
        "reason": "no wheel for Python 3.8 before 1.0",
    }
    table = cli("environment upgrade --cf conda.yml -o table").out.splitlines()
    assert table[0].split() == ["Line", "Before", "After", "Reason"]
    assert table[2].startswith("7     tiny==0.9  tiny==1.0")

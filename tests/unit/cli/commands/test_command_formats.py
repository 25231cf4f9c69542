"""Every command whose result is data prints it in every format."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.cli.settings import FORMATS
from tests.unit.cli.fake_workspace import RunCli

LINES = (
    "init folder",
    "check -ic ic.json",
    "model deploy -n svc",
    "model deploy -n svc --dry-run --overwrite",
    "model register -n iris -p model.pkl",
    "model list",
    "model show -i iris:1",
    "model update -i iris:1 --add-tag a=b",
    "model delete -i iris:1",
    "model download -i iris:1 -t out",
    "service list",
    "service show -n svc",
    "service run -n svc -d x",
    "service get-keys -n svc",
    "service regen-key -n svc -k Primary",
    "service update -n svc -d text",
    "service stop -n svc",
    "service start -n svc",
    "service restart -n svc",
    "service delete -n svc",
    "workspace show",
    "workspace prune",
)


@pytest.mark.parametrize("full", ["", "-v"])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("line", LINES)
def test_a_result_is_printed_in_every_format(
    cli: RunCli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, form: str, full: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = cli(f"{line} -o {form} {full}")
    assert (outcome.code, outcome.err) == (0, "")
    is_empty = form == "none" or (line.startswith("check") and form in ("table", "tsv"))
    assert bool(outcome.out) != is_empty

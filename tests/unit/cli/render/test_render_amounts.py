from __future__ import annotations

import pytest

from acideploy.cli.render.amounts import amount


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_500_000, "1.5 MB"), (5e12, "5000.0 GB")],
)
def test_bytes_are_told_in_the_largest_unit_that_fits(count: float, text: str) -> None:
    assert amount(count) == text

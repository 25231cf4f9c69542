"""Conda channels, as people write them and as conda's configuration moves them."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.environment.channels import (
    CondaSettings,
    channel_urls,
    read_conda_settings,
    without_login,
)
from acideploy.errors import DependencyError

FORGE = "https://conda.anaconda.org/conda-forge"
ANACONDA = "https://conda.anaconda.org/anaconda"
MAIN, R = "https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r"


def urls(*written: str, settings: CondaSettings | None = None) -> list[str]:
    """Those of the file alone."""
    return list(
        channel_urls(
            [*written, "nodefaults"], settings or CondaSettings(), directory=Path("/project")
        )
    )


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("conda-forge", FORGE),
        ("Conda-Forge", FORGE),
        (" conda-forge/ ", FORGE),
        ("https://conda.anaconda.org/conda-forge", FORGE),
        ("https://conda.anaconda.org/conda-forge/linux-64", FORGE),
        ("https://conda.anaconda.org/conda-forge/noarch/", FORGE),
        ("https://anaconda.org/conda-forge", FORGE),
        ("anaconda.org/conda-forge/repo", FORGE),
        ("conda-forge/label/broken", f"{FORGE}/label/broken"),
        ("anaconda", ANACONDA),
        ("https://repo.continuum.io/pkgs/main", "https://repo.continuum.io/pkgs/main"),
        ("file:///srv/channel", "file:///srv/channel"),
        ("/srv/channel", "file:///srv/channel"),
        ("./channel", "file:///project/channel"),
        ("../channel", "file:///channel"),
        ("https://user:secret@host/channel", "https://user:secret@host/channel"),
        ("https://host/t/token/channel", "https://host/t/token/channel"),
    ],
)
def test_a_channel_is_found_however_it_is_written(written: str, url: str) -> None:
    assert urls(written) == [url]


def test_defaults_are_two_channels() -> None:
    assert urls("defaults") == [MAIN, R]


def test_channels_keep_their_order_and_come_once() -> None:
    assert urls("anaconda", "conda-forge", "anaconda", FORGE) == [ANACONDA, FORGE]


def test_the_configured_channels_are_asked_last() -> None:
    settings = CondaSettings(channels=("company", "defaults"))
    found = channel_urls(["pytorch"], settings, directory=Path("/"))
    assert found == (
        "https://conda.anaconda.org/pytorch",
        "https://conda.anaconda.org/company",
        MAIN,
        R,
    )


def test_without_any_channel_conda_forge_is_asked() -> None:
    assert channel_urls([], CondaSettings(), directory=Path("/")) == (FORGE,)


def test_condarc_moves_channels(tmp_path: Path) -> None:
    (tmp_path / ".condarc").write_text(
        "channel_alias: https://mirror/conda/\n"
        "channels:\n  - company\n"
        "default_channels:\n  - https://mirror/main\n  - r\n"
        "custom_channels:\n  special: https://elsewhere/\n"
    )
    settings = read_conda_settings({}, home=tmp_path)
    assert urls("conda-forge", settings=settings) == ["https://mirror/conda/conda-forge"]
    assert urls("special", settings=settings) == ["https://elsewhere/special"]
    assert urls("defaults", settings=settings) == ["https://mirror/main", "https://mirror/conda/r"]
    assert channel_urls([], settings, directory=Path("/")) == ("https://mirror/conda/company",)


def test_variables_win_over_condarc(tmp_path: Path) -> None:
    rc = tmp_path / "rc"
    rc.write_text("channels: [company]\nchannel_alias: https://mirror\n")
    variables = {
        "CONDARC": str(rc),
        "CONDA_CHANNELS": "one, two",
        "CONDA_CHANNEL_ALIAS": "https://alias",
    }
    settings = read_conda_settings(variables, home=tmp_path)
    assert channel_urls([], settings, directory=Path("/")) == (
        "https://alias/one",
        "https://alias/two",
    )


def test_a_condarc_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / ".condarc").write_text("channels: [")
    with pytest.raises(DependencyError, match=r"\.condarc is not YAML"):
        read_conda_settings({}, home=tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@host/channel/linux-64/a.conda",
        "https://host/t/secret/channel/linux-64/a.conda",
    ],
)
def test_a_url_is_told_without_its_login(url: str) -> None:
    assert without_login(url) == "https://host/channel/linux-64/a.conda"

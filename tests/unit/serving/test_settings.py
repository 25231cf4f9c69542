"""What the server reads from its environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from acideploy.serving.runtime.settings import SettingsError, read_settings

OURS = ("ACIDEPLOY_", "AML_", "WORKER_")


@pytest.fixture(autouse=True)
def _only_an_app_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AML_APP_ROOT", str(tmp_path))


def test_without_variables_it_is_the_container_contract(tmp_path: Path) -> None:
    settings = read_settings()
    assert (settings.host, settings.port, settings.workers) == ("0.0.0.0", 5001, 1)
    assert settings.worker_timeout == 300
    assert settings.app_root == tmp_path
    assert settings.keys_file is settings.tls_key is settings.revision is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACIDEPLOY_PORT", "65536"),
        ("ACIDEPLOY_PORT", "http"),
        ("WORKER_COUNT", "0"),
        ("WORKER_TIMEOUT", "-1"),
        ("ACIDEPLOY_KEYS_FILE", "/nowhere/keys.json"),
        ("ACIDEPLOY_TLS_KEY", "/nowhere/key.pem"),
        ("AML_APP_ROOT", "/nowhere"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        read_settings()


def test_a_certificate_without_a_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = tmp_path / "certificate.pem"
    certificate.touch()
    monkeypatch.setenv("ACIDEPLOY_TLS_CERTIFICATE", str(certificate))
    with pytest.raises(SettingsError, match="ACIDEPLOY_TLS_KEY is missing"):
        read_settings()

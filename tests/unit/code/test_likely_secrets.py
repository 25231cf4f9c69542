"""Which files likely hold a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.code.likely_secrets import likely_secret

PRIVATE = "-----BEGIN RSA PRIVATE KEY-----\nMII\n"
PUBLIC = "-----BEGIN CERTIFICATE-----\nMII\n"
ACCOUNT = '{\n  "type": "service_account",\n  "private_key": "-----BEGIN"\n}'

SECRETS = [
    (".env", "A=1", None),
    ("config/.env.production", "A=1", None),
    (".ENV", "A=1", None),
    ("tls.key", PUBLIC + PRIVATE, 3),
    ("tls.key", "\x30\x82", None),
    ("tls.pem", PUBLIC + PRIVATE, 3),
    ("keys/id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\n", 1),
    ("tls.pfx", "x", None),
    ("store.JKS", "x", None),
    (".netrc", "machine a\nlogin b\npassword c\n", 3),
    (".pypirc", "[pypi]\nusername = a\npassword = b\n", 3),
    (".npmrc", "//registry/:_authToken=abc\n", 1),
    (".git-credentials", "https://a:b@c\n", None),
    ("home/.aws/credentials", "[default]\naws_secret_access_key = abc\n", 2),
    (".azure/accessTokens.json", "[]", None),
    ("kubeconfig", "users:\n- user:\n    token: abc\n", 3),
    (".docker/config.json", '{"auths": {"a": {"auth": "abc"}}}', 1),
    ("gcp-service-account.json", ACCOUNT, 3),
    ("azure_credentials.json", '{"clientSecret": "abc"}', 1),
]
HARMLESS = [
    (".env", ""),
    (".env.example", "A=1"),
    (".env.sample", "A=1"),
    ("env", "A=1"),
    ("environment.yml", "A=1"),
    ("cacert.pem", PUBLIC),
    ("id_ed25519.pub", "ssh-ed25519 AAAA"),
    ("monkey.py", PRIVATE),
    (".netrc", "machine a\n"),
    (".pypirc", "[distutils]\nindex-servers = pypi\n"),
    (".npmrc", "//registry/:_authToken=${NPM_TOKEN}\n"),
    ("aws/credentials", "aws_secret_access_key = abc\n"),
    ("credentials.json", '{"private_key": "", "password": null}'),
    ("credentials.py", '{"private_key": "abc"}'),
    ("keywords.json", '["private"]'),
    ("config.json", '{"auth": "abc"}'),
]


def _told(tmp_path: Path, name: str, content: str) -> tuple[str, int | None] | None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    found = likely_secret(name, file, size=len(content))
    return found and (found.what, found.line)


@pytest.mark.parametrize(("name", "content", "line"), SECRETS)
def test_a_likely_secret_is_found(
    tmp_path: Path, name: str, content: str, line: int | None
) -> None:
    told = _told(tmp_path, name, content)
    assert told is not None
    assert told[1] == line


@pytest.mark.parametrize(("name", "content"), HARMLESS)
def test_what_only_looks_like_one_is_left_in_peace(tmp_path: Path, name: str, content: str) -> None:
    assert _told(tmp_path, name, content) is None


def test_a_large_file_is_not_opened(tmp_path: Path) -> None:
    missing = tmp_path / "gone"
    assert likely_secret("tls.pem", missing, size=1_000_001) is None
    assert likely_secret("tls.key", missing, size=1_000_001) is not None


def test_a_file_of_another_name_is_not_opened(tmp_path: Path) -> None:
    assert likely_secret("data.json", tmp_path / "gone", size=10) is None

"""A service round a script that a test writes."""

from __future__ import annotations

import contextlib
import os
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import trustme

from tests.environments import environment
from tests.serving_process import ServingProcess, Start, serving, serving_environment

# One with each server: gunicorn and granian, and the gunicorn of an image with its own packages.
OWN = "own"
PYTHONS = os.environ.get("ACIDEPLOY_TEST_SERVING_PYTHON", f"3.7 3.11 {OWN}").split()


@pytest.fixture(scope="session", params=PYTHONS)
def serving_python(request: pytest.FixtureRequest) -> Path:
    """`ACIDEPLOY_TEST_SERVING_PYTHON=3.8` runs these tests on what Python 3.8 is given."""
    if request.param == OWN:
        return environment(["azureml-inference-server-http"])
    return serving_environment(python=request.param)


@pytest.fixture
def start(serving_python: Path, tmp_path: Path) -> Iterator[Start]:
    with contextlib.ExitStack() as services:

        def start(
            script: str,
            variables: Mapping[str, str] | None = None,
            *,
            name: str = "app",
            port: int | None = None,
            tls: Path | None = None,
            wait: bool = True,
        ) -> ServingProcess:
            app_root = tmp_path / name
            app_root.mkdir(exist_ok=True)
            (app_root / "score.py").write_text(textwrap.dedent(script))
            service = services.enter_context(
                serving(serving_python, app_root, port=port, variables=variables, tls=tls)
            )
            return service.wait_until_ready() if wait else service

        yield start


@pytest.fixture
def tls(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """The certificate authority to trust, and the variables for the service."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificate = authority.issue_cert("localhost")
    (tmp_path / "certificate.pem").write_bytes(
        b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    )
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    variables = {
        "ACIDEPLOY_TLS_CERTIFICATE": str(tmp_path / "certificate.pem"),
        "ACIDEPLOY_TLS_KEY": str(tmp_path / "key.pem"),
    }
    return tmp_path / "ca.pem", variables

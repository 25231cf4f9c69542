"""The variables that point Azure's own clients, and ours, at the emulator."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

from acideploy.emulator.certificates import authority_path
from acideploy.emulator.cloud import CLIENT, SUBSCRIPTION, TENANT
from acideploy.emulator.running import Running

# The names and addresses that no proxy knows.
_DIRECT = ("localhost", "127.0.0.1")


def exports(running: Running, directory: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What to put into the environment of a client, in the order of a reader's interest."""
    bundle = str(_bundle(directory, environ))
    direct = [each for each in environ.get("NO_PROXY", "").split(",") if each]
    return {
        # azure-identity.
        "AZURE_AUTHORITY_HOST": running.url,
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_CLIENT_SECRET": running.client_secret,
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        # az and Terraform ask here for the endpoints of a cloud.
        "ARM_CLOUD_METADATA_URL": f"{running.url}/metadata/endpoints?api-version=2019-05-01",
        # Whom to trust: Python's requests, curl, what uses OpenSSL or Go, Node.
        "REQUESTS_CA_BUNDLE": bundle,
        "CURL_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
        "NODE_EXTRA_CA_CERTS": str(authority_path(directory)),
        "NO_PROXY": ",".join(dict.fromkeys([*direct, *_DIRECT])),
        "ACIDEPLOY_EMULATOR_URL": running.url,
        **({"ACIDEPLOY_EMULATOR_REGISTRY": running.registry} if running.registry else {}),
    }


def _bundle(directory: Path, environ: Mapping[str, str]) -> Path:
    """Everyone whom this machine trusts, and the emulator: pip in the same shell still works."""
    bundle = directory / "ca-bundle.pem"
    known = environ.get("REQUESTS_CA_BUNDLE") or environ.get("SSL_CERT_FILE")
    if not known or Path(known) == bundle or not os.path.isfile(known):
        known = ssl.get_default_verify_paths().cafile
    others = Path(known).read_bytes() if known else _certifi()
    bundle.write_bytes(others.rstrip() + b"\n" + authority_path(directory).read_bytes())
    return bundle


def _certifi() -> bytes:
    import certifi

    return Path(certifi.where()).read_bytes()

"""Programs that use Azure's own libraries, run by a Python that has them, against an emulator."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from acideploy.emulator.cloud import CLIENT, TENANT
from tests.emulated import Emulated
from tests.environments import environment

# A credential as azure-core wants one: the service principal's, from the emulated Entra.
_CREDENTIAL = """
import json, os, time, requests
from azure.core.credentials import AccessToken

class Credential:
    def get_token(self, *scopes, **options):
        form = {"grant_type": "client_credentials", "client_id": os.environ["CLIENT"],
                "client_secret": os.environ["SECRET"], "scope": scopes[0]}
        url = f"{os.environ['AZURE']}/{os.environ['TENANT']}/oauth2/v2.0/token"
        answer = requests.post(url, data=form)
        answer.raise_for_status()
        return AccessToken(answer.json()["access_token"], int(time.time()) + 3000)

ASKED = json.loads(os.environ["ASKED"])
"""


def azure_python() -> Path:
    """A Python with all of Azure's libraries that `az` comes with.

    Skips the test, or with CI=true fails it, where they cannot be had.
    """
    return environment(["azure-cli", "azure-storage-blob"])


def run_program(python: Path, program: str, azure: Emulated, **asked: Any) -> Any:
    """Runs a program that has `Credential` and `ASKED`; returns the JSON that it prints last."""
    done = subprocess.run(
        [python, "-c", _CREDENTIAL + program],
        env={
            **os.environ,
            "REQUESTS_CA_BUNDLE": str(azure.ca),
            "NO_PROXY": "*",
            "AZURE": azure.url,
            "TENANT": TENANT,
            "CLIENT": CLIENT,
            "SECRET": azure.cloud.client_secret,
            "ASKED": json.dumps(asked),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])

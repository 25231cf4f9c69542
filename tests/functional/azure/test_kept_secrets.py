"""Secrets, looked for in everything that is written, said and stored by commands for Azure."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import trustme

from acideploy.cli.root import run
from acideploy.cli.session import OpenWorkspace, open_workspace
from tests.azure_services import AzureServices

PRIMARY = "primaryK3yPrimaryK3yPrimaryK3y01"
SECONDARY = "secondaryK3ySecondaryK3ySecond02"
DATABASE = "dbPassw0rdPlantedInTheVariables"
BASE_REGISTRY = "basePassw0rdOfAnotherRegistry"
DEPLOY = "model deploy -n web -ic inference.json -dc deployment.json"
CRASH = b'Traceback (most recent call last):\n  File "/score.py", line 1\nValueError: no\n'


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """By their names."""

    planted: dict[str, str]

    def found_in(self, text: bytes) -> list[str]:
        return [
            name
            for name, secret in self.planted.items()
            if any(form in text for form in (secret.encode(), b64encode(secret.encode())))
        ]


@pytest.fixture(params=["vault", "no vault"])
def secrets(services: AzureServices, request: pytest.FixtureRequest) -> Secrets:
    """A project with all secrets that there may be; in a workspace with a vault, and without."""
    certificate = trustme.CA().issue_cert("web.example.com")
    services.write(
        "cert.pem", b"".join(each.bytes() for each in certificate.cert_chain_pems).decode()
    )
    key = certificate.private_key_pem.bytes().decode()
    services.write("key.pem", key)
    inference = json.loads((services.project / "inference.json").read_text())
    environment = inference["environment"]
    environment["environmentVariables"] = {"DB_PASSWORD": DATABASE, "LEVEL": "everybodyMayKnow"}
    host = services.azure.emulator.registry
    environment["docker"]["baseImageRegistry"] = {
        "address": host,
        "username": "somebody",
        "password": BASE_REGISTRY,
    }
    services.write("inference.json", inference)
    services.write(
        "deployment.json",
        {
            "computeType": "ACI",
            "authEnabled": True,
            "keys": {"primaryKey": PRIMARY, "secondaryKey": SECONDARY},
            "sslEnabled": True,
            "sslCertificate": "cert.pem",
            "sslKey": "key.pem",
            "cname": "web.example.com",
        },
    )
    parts = (
        "-w emulator" if request.param == "vault" else f"--registry {host} --location westeurope"
    )
    assert run(f"folder attach -g emulator {parts}".split()) == 0
    return Secrets(
        planted={
            "primary key": PRIMARY,
            "secondary key": SECONDARY,
            "variable": DATABASE,
            "TLS key": key.splitlines()[2],
            "whole TLS key": key,
            "password of the base image": BASE_REGISTRY,
            "client secret": services.azure.cloud.client_secret,
        }
    )


def test_no_secret_is_told_or_stored(
    services: AzureServices, secrets: Secrets, capfd: pytest.CaptureFixture[str]
) -> None:
    def command(line: str, *, expect: int = 0, opener: OpenWorkspace = services.opened) -> None:
        code = run(line.split(), opener=opener)
        printed = capfd.readouterr()
        assert code == expect, (line, printed.err)
        for name, text in (("stdout", printed.out), ("stderr", printed.err)):
            assert secrets.found_in(text.encode()) == [], (line, name)

    capfd.readouterr()
    command("check -ic inference.json -dc deployment.json")
    command(f"{DEPLOY} --dry-run --debug -v -o json")
    command(f"{DEPLOY} --debug --verbose -v --progress json -o json")
    command(f"{DEPLOY} --dry-run --overwrite --tag a=b -o json")
    for each in ("show -v", "get-logs", "diagnose", "history -v"):
        command(f"service {each} -n web --debug -o json")
    command("service list -v -o json")
    services.write("score.py", "def init(): pass\ndef run(data): return 0\n")
    command(f"{DEPLOY} --overwrite --progress plain --tag team=blue")
    command("service update -n web --description new --add-tag more=tags --debug")
    command("service rollback -n web --debug")
    key = b64encode(secrets.planted["whole TLS key"].encode()).decode()
    _refuse(services, f"{DATABASE}, {key}")
    services.write("score.py", "def init(): pass\ndef run(data): return 1\n")
    command(f"{DEPLOY} --overwrite --debug --verbose --progress json", expect=17)
    services.azure.cloud.faults.clear()
    services.runtime.crashes, services.runtime.log = True, CRASH
    # The emulator takes its time to start again what has crashed.
    crashing = f"{DEPLOY} --overwrite --debug --verbose --progress json"
    command(crashing, expect=8, opener=open_workspace)
    command("service show -n web -v --debug")

    pull = [each for order in services.runtime.logins if order for each in [order.password]]
    assert pull
    secrets.planted.update({f"pull password {n}": text for n, text in enumerate(set(pull))})
    stored = {where: secrets.found_in(text) for where, text in _stored(services)}
    assert {where: names for where, names in stored.items() if names} == {}
    assert secrets.found_in(DATABASE.encode()) == ["variable"]

    services.runtime.crashes = False
    command("service delete -n web --debug")
    left = services.secrets() | {each.stem for each in (services.home / "secrets").glob("*")}
    assert {each for each in left if not each.startswith("acideploy-pull-")} == set()


def _refuse(services: AzureServices, quoted: str) -> None:
    """Has Azure refuse the next group, quoting what it was asked for, as it does."""
    rule = {
        "method": "PUT",
        "path": "/containerGroups/",
        "status": 400,
        "code": "InvalidRequestContent",
        "message": f"The request content was invalid: Error converting value '{quoted}'.",
    }
    assert services.azure.ask("POST", "/_emulator/faults", rule).status == 201


def _stored(services: AzureServices) -> Iterator[tuple[str, bytes]]:
    """All that commands have left: here but for the secrets' folder, in the registry, in Azure."""
    for folder, spared in (
        (services.home, services.home / "secrets"),
        (services.azure.cloud.directory / "registries", None),
        (services.project / ".azureml", None),
    ):
        for path in folder.rglob("*"):
            if path.is_file() and path.parent != spared:
                yield str(path), path.read_bytes()
    yield "groups", json.dumps(services.groups()).encode()
    yield "requests", json.dumps(services.azure.cloud.traffic.describe()).encode()

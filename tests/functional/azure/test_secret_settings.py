"""Secret settings of a service: a change of one is seen, and nobody can guess one from a tag."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trustme

from acideploy.errors import ConflictError
from tests.azure_services import AzureServices


def deployed(services: AzureServices, password: str, **request: Any) -> int:
    """The revision after a deploy with that password."""
    inference = json.loads((services.project / "inference.json").read_text())
    inference["environment"]["environmentVariables"] = {"DB_PASSWORD": password, "LEVEL": "info"}
    services.write("inference.json", inference)
    return services.deploy(**request).revision


def our_tags(services: AzureServices) -> dict[str, str]:
    [group] = services.groups()
    return {name: text for name, text in group["tags"].items() if name.startswith("acideploy.part")}


def test_the_tags_are_the_same_whatever_the_secrets_are(services: AzureServices) -> None:
    deployed(services, "a")
    first = our_tags(services)
    assert deployed(services, "b") == 2
    assert our_tags(services) == first
    newest, oldest = services.workspace().service_history("web")
    assert newest.parts == oldest.parts


def test_another_secret_is_a_change_and_the_same_is_none(services: AzureServices) -> None:
    assert [deployed(services, each) for each in ("a", "a", "b", "b", "a")] == [1, 1, 2, 2, 3]
    assert services.runtime.orders[-1].variables["DB_PASSWORD"] == "a"
    with pytest.raises(ConflictError, match="exists"):
        deployed(services, "c", overwrite=False)


def test_a_secret_that_got_lost_is_given_again_by_the_same_deploy(services: AzureServices) -> None:
    deployed(services, "a")
    services.purge(f"acideploy-web-{services.mark}-r1")
    assert deployed(services, "a") == 2
    assert services.workspace().roll_back("web", to=2).revision == 3


def test_a_secret_that_is_left_away_is_a_change(services: AzureServices) -> None:
    deployed(services, "a")
    inference = json.loads((services.project / "inference.json").read_text())
    inference["environment"]["environmentVariables"] = {"LEVEL": "info"}
    services.write("inference.json", inference)
    assert services.deploy().revision == 2
    assert "DB_PASSWORD" not in services.runtime.orders[-1].variables


def test_another_tls_key_is_a_change(services: AzureServices) -> None:
    authority = trustme.CA()

    def with_new_key() -> None:
        issued = authority.issue_cert("web.example.com")
        chain = b"".join(each.bytes() for each in issued.cert_chain_pems)
        services.write("cert.pem", chain.decode())
        services.write("key.pem", issued.private_key_pem.bytes().decode())

    files = {"sslCertificate": "cert.pem", "sslKey": "key.pem", "cname": "web.example.com"}
    services.write("deployment.json", {"computeType": "ACI", "sslEnabled": True, **files})
    with_new_key()
    assert [services.deploy().revision for _ in range(2)] == [1, 1]
    with_new_key()
    assert services.deploy().revision == 2

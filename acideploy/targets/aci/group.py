"""A service as a container group: a pure function of what is wanted.

https://learn.microsoft.com/rest/api/container-instances/container-groups/create-or-update
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from acideploy.azure.workspace import AzureWorkspace
from acideploy.config.values import AciDeployment
from acideploy.plan import Wanted
from acideploy.secret_names import is_secret
from acideploy.targets import Keys
from acideploy.targets.aci.container import (
    CERTIFICATE_FILE,
    KEY_FILE,
    KEYS_FILE,
    VOLUME,
    port_of,
    scoring_container,
)

VERSION = "2023-05-01"

SERVICE_TAG = "acideploy.service"
REVISION_TAG = "acideploy.revision"
RECORD_TAG = "acideploy.record"
DEPLOY_TAG = "acideploy.deploy"
PART_TAG = "acideploy.part."
MODELS_TAG = "acideploy.models"
# What Azure allows of a tag's value.
_LONGEST_TAG = 256

# In Azure's spelling; none asks for what Azure does without being asked, `Unsecure`.
_SCOPES = {
    "tenantReuse": "TenantReuse",
    "subscriptionReuse": "SubscriptionReuse",
    "resourceGroupReuse": "ResourceGroupReuse",
    "noReuse": "Noreuse",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """With what the group pulls its image: an identity, else a user and a password, else nothing.

    `kind` is for people, and `reason` why it is not the one that comes first.
    """

    kind: str
    reason: str | None = None
    identity: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidential:
    """What of a revision is secret: never compared, printed or written down."""

    keys: Keys | None = field(default=None, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    certificate: str | None = field(default=None, repr=False)
    certificate_key: str | None = field(default=None, repr=False)


def group_body(
    wanted: Wanted,
    *,
    workspace: AzureWorkspace,
    image: str,
    number: int,
    marks: Mapping[str, str],
    pull: Pull,
    confidential: Confidential,
) -> dict[str, Any]:
    """What a PUT of the container group says. `marks` are tags of ours."""
    assert wanted.aci is not None
    properties: dict[str, Any] = {
        "osType": "Linux",
        "restartPolicy": "Always",
        "ipAddress": _address(wanted, workspace),
        **_network(wanted.aci, workspace),
    }
    files = secret_files(confidential)
    container = scoring_container(
        wanted,
        image,
        number=number,
        variables={name: text for name, text in wanted.variables.items() if not is_secret(name)},
        secret_variables=confidential.variables,
        secret_files=files,
    )
    properties["containers"] = [{"name": wanted.name, "properties": container}]
    if login := _login(workspace.registry, pull):
        properties["imageRegistryCredentials"] = [login]
    if files:
        properties["volumes"] = [{"name": VOLUME, "secret": _encoded(files)}]
    body: dict[str, Any] = {
        "location": wanted.aci.location or workspace.location,
        "tags": {
            **wanted.tags,
            SERVICE_TAG: wanted.name,
            REVISION_TAG: str(number),
            **_models(wanted),
            **marks,
        },
        "properties": properties,
    }
    if pull.identity:
        body["identity"] = {
            "type": "UserAssigned",
            "userAssignedIdentities": {pull.identity: {}},
        }
    return body


def _models(wanted: Wanted) -> dict[str, str]:
    """Which models it has, for lists of services; nothing where they are too many for a tag."""
    names = " ".join(model.id for model in wanted.models)
    return {MODELS_TAG: names} if len(names) <= _LONGEST_TAG else {}


def subnet_id(workspace: AzureWorkspace, network: str, subnet: str) -> str:
    """A subnet in the workspace's resource group, where v1 wanted it."""
    return (
        f"/subscriptions/{workspace.subscription}/resourceGroups/{workspace.resource_group}"
        f"/providers/Microsoft.Network/virtualNetworks/{network}/subnets/{subnet}"
    )


def dns_label(wanted: Wanted, workspace: AzureWorkspace) -> str | None:
    """None in a virtual network, which has no public names."""
    assert wanted.aci is not None
    if wanted.aci.vnet_name:
        return None
    return wanted.aci.dns_name_label or workspace.group_name(wanted.name)


def without_secrets(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same group, as it may be written down."""
    plain: dict[str, Any] = json.loads(json.dumps(body))
    properties = plain["properties"]
    for container in properties["containers"]:
        for variable in container["properties"].get("environmentVariables", ()):
            if "secureValue" in variable:
                variable["secureValue"] = ""
    for login in properties.get("imageRegistryCredentials", ()):
        login.pop("password", None)
    for volume in properties.get("volumes", ()):
        volume["secret"] = dict.fromkeys(volume.get("secret", {}), "")
    return plain


def with_secrets(
    plain: Mapping[str, Any], *, pull: Pull, confidential: Confidential, server: str
) -> dict[str, Any]:
    """A group that was written down, as it can be asked for again."""
    body: dict[str, Any] = json.loads(json.dumps(plain))
    properties = body["properties"]
    for container in properties["containers"]:
        for variable in container["properties"].get("environmentVariables", ()):
            if "secureValue" in variable:
                variable["secureValue"] = confidential.variables.get(variable["name"], "")
    files = _encoded(secret_files(confidential))
    for volume in properties.get("volumes", ()):
        volume["secret"] = files
    properties.pop("imageRegistryCredentials", None)
    if login := _login(server, pull):
        properties["imageRegistryCredentials"] = [login]
    return body


def secret_files(confidential: Confidential) -> dict[str, str]:
    """The files of the secret volume, by name."""
    keys = confidential.keys
    content = (
        json.dumps({"primaryKey": keys.primary, "secondaryKey": keys.secondary}) if keys else ""
    )
    files = {
        KEYS_FILE: content,
        CERTIFICATE_FILE: confidential.certificate or "",
        KEY_FILE: confidential.certificate_key or "",
    }
    return {name: text for name, text in files.items() if text}


def _login(server: str, pull: Pull) -> dict[str, str] | None:
    if pull.identity:
        return {"server": server, "identity": pull.identity}
    if pull.username and pull.password:
        return {"server": server, "username": pull.username, "password": pull.password}
    return None


def _network(aci: AciDeployment, workspace: AzureWorkspace) -> dict[str, Any]:
    """The subnet, and the key that Azure encrypts with, where they are given."""
    found: dict[str, Any] = {}
    if aci.vnet_name and aci.subnet_name:
        found["subnetIds"] = [{"id": subnet_id(workspace, aci.vnet_name, aci.subnet_name)}]
    if aci.vault_base_url:
        found["encryptionProperties"] = {
            "vaultBaseUrl": aci.vault_base_url,
            "keyName": aci.key_name,
            "keyVersion": aci.key_version,
        }
    return found


def _address(wanted: Wanted, workspace: AzureWorkspace) -> dict[str, Any]:
    ports = [{"port": port_of(wanted), "protocol": "TCP"}]
    label = dns_label(wanted, workspace)
    if label is None:
        return {"type": "Private", "ports": ports}
    address: dict[str, Any] = {"type": "Public", "ports": ports, "dnsNameLabel": label}
    assert wanted.aci is not None
    scope = wanted.aci.dns_name_label_scope
    if scope in _SCOPES:
        address["autoGeneratedDomainNameLabelScope"] = _SCOPES[scope]
    return address


def _encoded(files: Mapping[str, str]) -> dict[str, str]:
    return {name: base64.b64encode(text.encode()).decode() for name, text in files.items()}

"""A service as a container group: a pure function of what is wanted.

https://learn.microsoft.com/rest/api/container-instances/container-groups/create-or-update
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from acideploy.azure.workspace import AzureWorkspace
from acideploy.image.contents import PACKAGES
from acideploy.plan import Wanted
from acideploy.targets import Keys

VERSION = "2023-05-01"

# What the retired service gave where nothing was asked for.
DEFAULT_CPU, DEFAULT_MEMORY_IN_GB = 0.1, 0.5
# Secret files, in the container.
SECRETS = "/mnt/acideploy"
_VOLUME = "acideploy"
KEYS_FILE, CERTIFICATE_FILE, KEY_FILE = "keys.json", "certificate.pem", "key.pem"

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

# Variables whose values nobody is to read in the portal.
_SECRET = re.compile(
    r"SECRET|PASSW|PWD|TOKEN|CREDENTIAL|CONNECTION_?STRING|(API|ACCESS|ACCOUNT|PRIVATE|STORAGE)_?KEY"
    r"|SAS(_|$)|_KEY$",
    re.IGNORECASE,
)


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


def is_secret(variable: str) -> bool:
    """Whether a variable's name says that its value is a secret."""
    return bool(_SECRET.search(variable))


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
    aci = wanted.aci
    identities = [each for each in (pull.identity,) if each]
    properties: dict[str, Any] = {
        "containers": [
            {
                "name": wanted.name,
                "properties": _container(wanted, image, number, confidential),
            }
        ],
        "osType": "Linux",
        "restartPolicy": "Always",
        "imageRegistryCredentials": _credentials(workspace, pull),
        "ipAddress": _address(wanted, workspace),
        "volumes": [{"name": _VOLUME, "secret": _encoded(secret_files(confidential))}],
    }
    if not properties["imageRegistryCredentials"]:
        del properties["imageRegistryCredentials"]
    if not properties["volumes"][0]["secret"]:
        del properties["volumes"]
    if aci.vnet_name and aci.subnet_name:
        properties["subnetIds"] = [{"id": subnet_id(workspace, aci.vnet_name, aci.subnet_name)}]
    if aci.vault_base_url:
        properties["encryptionProperties"] = {
            "vaultBaseUrl": aci.vault_base_url,
            "keyName": aci.key_name,
            "keyVersion": aci.key_version,
        }
    body: dict[str, Any] = {
        "location": aci.location or workspace.location,
        "tags": {
            **wanted.tags,
            SERVICE_TAG: wanted.name,
            REVISION_TAG: str(number),
            **_models(wanted),
            **marks,
        },
        "properties": properties,
    }
    if identities:
        body["identity"] = {
            "type": "UserAssigned",
            "userAssignedIdentities": {each: {} for each in identities},
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


def port_of(wanted: Wanted) -> int:
    """Azure maps no ports: the server listens where its URL says."""
    return 443 if wanted.serving.ssl_enabled else 80


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


def _container(
    wanted: Wanted, image: str, number: int, confidential: Confidential
) -> dict[str, Any]:
    assert wanted.aci is not None
    port = port_of(wanted)
    probe = {"path": "/", "port": port, "scheme": "https" if wanted.serving.ssl_enabled else "http"}
    container: dict[str, Any] = {
        "image": image,
        "ports": [{"port": port, "protocol": "TCP"}],
        "environmentVariables": _variables(wanted, number, confidential),
        "resources": {
            "requests": {
                "cpu": wanted.aci.cpu or DEFAULT_CPU,
                "memoryInGB": wanted.aci.memory_in_gb or DEFAULT_MEMORY_IN_GB,
            }
        },
        # `init()` may take its time: only what has served and stopped serving is started again.
        "livenessProbe": {
            "httpGet": probe,
            "initialDelaySeconds": 600,
            "periodSeconds": 30,
            "failureThreshold": 5,
            "timeoutSeconds": 10,
        },
        "readinessProbe": {
            "httpGet": probe,
            "periodSeconds": 10,
            "failureThreshold": 3,
            "timeoutSeconds": 5,
        },
    }
    if secret_files(confidential):
        container["volumeMounts"] = [{"name": _VOLUME, "mountPath": SECRETS, "readOnly": True}]
    return container


def _variables(wanted: Wanted, number: int, confidential: Confidential) -> list[dict[str, str]]:
    assert wanted.aci is not None
    own = {
        "ACIDEPLOY_PORT": str(port_of(wanted)),
        "ACIDEPLOY_REVISION": str(number),
        "SERVICE_NAME": wanted.name,
        "AML_APP_INSIGHTS_ENABLED": str(bool(wanted.serving.app_insights_enabled)).lower(),
    }
    files = secret_files(confidential)
    if KEYS_FILE in files:
        own["ACIDEPLOY_KEYS_FILE"] = f"{SECRETS}/{KEYS_FILE}"
    if CERTIFICATE_FILE in files:
        own["ACIDEPLOY_TLS_CERTIFICATE"] = f"{SECRETS}/{CERTIFICATE_FILE}"
        own["ACIDEPLOY_TLS_KEY"] = f"{SECRETS}/{KEY_FILE}"
    if wanted.aci.collect_model_data:
        own["AML_MODEL_DC_STORAGE_ENABLED"] = "true"
    given = {name: value for name, value in wanted.variables.items() if not is_secret(name)}
    if path := given.get("PYTHONPATH"):
        # The packages of the image come first: they are found by this variable, too.
        given["PYTHONPATH"] = f"{PACKAGES}:{path}"
    plain = [{"name": name, "value": value} for name, value in {**given, **own}.items()]
    secret = [
        {"name": name, "secureValue": value} for name, value in confidential.variables.items()
    ]
    return [*plain, *secret]


def _credentials(workspace: AzureWorkspace, pull: Pull) -> list[dict[str, str]]:
    login = _login(workspace.registry, pull)
    return [login] if login else []


def _login(server: str, pull: Pull) -> dict[str, str] | None:
    if pull.identity:
        return {"server": server, "identity": pull.identity}
    if pull.username and pull.password:
        return {"server": server, "username": pull.username, "password": pull.password}
    return None


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

"""What a container group is, field by field, in the words of who deploys it.

Two bodies are alike when their facts are: what Azure adds to a body, how it writes numbers, and
in which order and case it gives things back make no difference here. Secrets are no facts.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Body: TypeAlias = Mapping[str, Any]

# The value of what is secret, and is never read.
SECRET = "(secret)"
VARIABLE = "environment variable "
TAG = "tag "
OWN_TAGS = "acideploy."

# Variables that say what a setting is, by the key of the deployment config.
_SETTINGS = {
    "ACIDEPLOY_KEYS_FILE": "authEnabled",
    "ACIDEPLOY_TLS_CERTIFICATE": "sslEnabled",
    "AML_APP_INSIGHTS_ENABLED": "appInsightsEnabled",
    "AML_MODEL_DC_STORAGE_ENABLED": "dataCollection.storageEnabled",
}
# Variables that follow from the rest, or differ from one deploy to the next.
_FOLLOWING = frozenset(
    {"ACIDEPLOY_PORT", "ACIDEPLOY_REVISION", "ACIDEPLOY_TLS_KEY", "SERVICE_NAME"}
)
# The volume that holds keys and certificates: the settings above tell of it.
_OWN_VOLUME = "acideploy"

# https://learn.microsoft.com/azure/container-instances/container-instances-liveness-probe
_PROBE_DEFAULTS = {
    "initialDelaySeconds": 0,
    "periodSeconds": 10,
    "failureThreshold": 3,
    "timeoutSeconds": 1,
}


def facts_of(group: Body, *, main: str | None = None) -> dict[str, str]:
    """Every fact of a group whose container is called `main`, or is its first."""
    return dict(_facts(group, main))


def container_name(group: Body) -> str | None:
    """What the first container is called."""
    containers = group.get("properties", {}).get("containers") or ()
    return str(containers[0]["name"]) if containers else None


def _facts(group: Body, main: str | None) -> Iterator[tuple[str, str]]:
    properties: Body = group.get("properties", {})
    containers = list(properties.get("containers") or ())
    own = next((each for each in containers if each.get("name") == main), None)
    own = own or (containers[0] if containers else {})
    yield from _container(own.get("properties", {}))
    for other in containers:
        if other is not own:
            yield f"container {other['name']}", str(other["properties"].get("image", ""))
    yield from _group(group, properties)
    yield from _address(properties)
    yield from _network(properties)
    yield from _access(group, properties)
    for name, value in (group.get("tags") or {}).items():
        if not name.startswith(OWN_TAGS):
            yield f"{TAG}{name}", str(value)


def _container(container: Body) -> Iterator[tuple[str, str]]:
    yield "image", str(container.get("image", ""))
    if command := container.get("command"):
        yield "command", shlex.join(command)
    resources = container.get("resources") or {}
    for kind, suffix in (("requests", ""), ("limits", " limit")):
        for name, field in (("cpu", "cpu"), ("memoryInGB", "memoryInGB")):
            if (amount := (resources.get(kind) or {}).get(name)) is not None:
                yield f"{field}{suffix}", f"{float(amount):g}"
    yield from _variables(container.get("environmentVariables") or ())
    for field, name in (("liveness probe", "livenessProbe"), ("readiness probe", "readinessProbe")):
        if probe := container.get(name):
            yield field, _probe(probe)
    for mount in container.get("volumeMounts") or ():
        if mount["name"] != _OWN_VOLUME:
            how = " (read only)" if mount.get("readOnly") else ""
            yield f"mount of volume {mount['name']}", f"{mount['mountPath']}{how}"


def _variables(variables: Any) -> Iterator[tuple[str, str]]:
    settings = dict.fromkeys(_SETTINGS.values(), "false")
    for each in variables:
        name, value = str(each["name"]), each.get("value")
        if name in _SETTINGS:
            settings[_SETTINGS[name]] = "false" if value == "false" else "true"
        elif name not in _FOLLOWING:
            # Of a secure value the name alone comes back.
            yield f"{VARIABLE}{name}", SECRET if value is None else str(value)
    yield from settings.items()


def _probe(probe: Body) -> str:
    """`GET http :80/ every 10 s, 3 failures, 5 s each`, with what Azure assumes filled in."""
    asked = probe.get("httpGet") or {}
    scheme = str(asked.get("scheme") or "http").lower()
    what = f"GET {scheme} :{asked.get('port')}{asked.get('path') or '/'}"
    if command := (probe.get("exec") or {}).get("command"):
        what = shlex.join(command)
    given = {name: value for name, value in probe.items() if value is not None}
    delay, period, failures, seconds = (
        int(given.get(name, default)) for name, default in _PROBE_DEFAULTS.items()
    )
    start = f" after {delay} s" if delay else ""
    return f"{what}{start} every {period} s, {failures} failures, {seconds} s each"


def _group(group: Body, properties: Body) -> Iterator[tuple[str, str]]:
    yield "location", str(group.get("location", "")).replace(" ", "").lower()
    yield "osType", str(properties.get("osType", "Linux")).capitalize()
    policy = str(properties.get("restartPolicy") or "Always").lower()
    yield "restart policy", {"onfailure": "OnFailure"}.get(policy, policy.capitalize())
    yield "sku", str(properties.get("sku") or "Standard")
    yield "priority", str(properties.get("priority") or "Regular")
    if zones := group.get("zones"):
        yield "zones", ", ".join(sorted(zones))
    for volume in properties.get("volumes") or ():
        if volume["name"] != _OWN_VOLUME:
            yield f"volume {volume['name']}", _volume(volume)


def _volume(volume: Body) -> str:
    """What kind it is and where it comes from; never what is in it, nor an account's key."""
    if share := volume.get("azureFile"):
        return f"share {share.get('shareName')} of {share.get('storageAccountName')}"
    if source := volume.get("gitRepo"):
        # An address may have a password in it.
        return f"git {str(source.get('repository')).rpartition('@')[2]}"
    return "secret" if "secret" in volume else "empty"


def _address(properties: Body) -> Iterator[tuple[str, str]]:
    address = properties.get("ipAddress")
    if not address:
        return
    yield "address type", str(address.get("type", "Public")).capitalize()
    ports = (
        f"{each['port']}/{str(each.get('protocol') or 'TCP').upper()}"
        for each in address.get("ports") or ()
    )
    yield "ports", ", ".join(sorted(ports))
    if label := address.get("dnsNameLabel"):
        yield "dnsNameLabel", str(label)
        scope = address.get("autoGeneratedDomainNameLabelScope") or "Unsecure"
        yield "DNS label reuse", str(scope)


def _network(properties: Body) -> Iterator[tuple[str, str]]:
    for each in properties.get("subnetIds") or ():
        parts = str(each["id"]).lower().rstrip("/").split("/")
        yield "subnet", f"{parts[-3]}/{parts[-1]}" if len(parts) > 3 else parts[-1]
    if names := (properties.get("dnsConfig") or {}).get("nameServers"):
        yield "name servers", ", ".join(names)
    if key := properties.get("encryptionProperties"):
        parts = [key.get("vaultBaseUrl"), key.get("keyName"), key.get("keyVersion")]
        yield "customer-managed key", "/".join(str(part).rstrip("/") for part in parts if part)


def _access(group: Body, properties: Body) -> Iterator[tuple[str, str]]:
    for login in properties.get("imageRegistryCredentials") or ():
        identity = str(login.get("identity") or "").lower().rpartition("/")[2]
        who = f"identity {identity}" if identity else f"user {login.get('username')}"
        yield f"login at {str(login.get('server')).lower()}", who
    identity_of = group.get("identity") or {}
    if str(identity_of.get("type") or "None") != "None":
        users = sorted(
            name.lower().rpartition("/")[2]
            for name in identity_of.get("userAssignedIdentities") or {}
        )
        own = ["system-assigned"] if "System" in identity_of["type"] else []
        yield "identity", ", ".join([*own, *users])
    if space := ((properties.get("diagnostics") or {}).get("logAnalytics") or {}).get(
        "workspaceId"
    ):
        yield "log workspace", str(space)

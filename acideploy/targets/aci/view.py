"""What a container group looks like as a service; also one that the retired tool has made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from acideploy.azure.workspace import AzureWorkspace
from acideploy.targets import Service
from acideploy.targets.aci.group import MODELS_TAG, PART_TAG, RECORD_TAG, REVISION_TAG, SERVICE_TAG
from acideploy.targets.aci.record import Revision
from acideploy.targets.http import Endpoint

# The front end that the retired service put beside each scoring container.
_FRONT_END = "azureml-fe-aci"
_OURS = "acideploy."
_MOVING = frozenset({"Pending", "Creating", "Updating", "Repairing"})
_UNKNOWN_TIME = datetime.fromtimestamp(0, tz=timezone.utc)


def service_name(group: Mapping[str, Any]) -> str | None:
    """The service that a container group runs, None where it is no service of ours or of v1."""
    if named := (group.get("tags") or {}).get(SERVICE_TAG):
        return str(named)
    names = [str(each["name"]) for each in group["properties"].get("containers", ())]
    if _FRONT_END not in names:
        return None
    return str(group["name"]).rpartition("-")[0] or str(group["name"])


def is_moving(group: Mapping[str, Any]) -> bool:
    """Whether an operation on the group is under way."""
    return group["properties"].get("provisioningState") in _MOVING


def container_of(group: Mapping[str, Any]) -> Mapping[str, Any]:
    """The container that scores."""
    containers = group["properties"]["containers"]
    own = [each for each in containers if not str(each["name"]).startswith("azureml-")]
    found: Mapping[str, Any] = (own or containers)[0]
    return found


def current_state(group: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of the scoring container; empty where there is none yet."""
    view = container_of(group)["properties"].get("instanceView") or {}
    return view.get("currentState") or {}


def state_of(group: Mapping[str, Any]) -> str:
    """In the retired service's words, and `Stopped`."""
    seen = (group["properties"].get("instanceView") or {}).get("state")
    provisioning = group["properties"].get("provisioningState")
    container = current_state(group)
    if seen == "Stopped":
        return "Stopped"
    if provisioning == "Failed" or seen == "Failed" or container.get("state") == "Terminated":
        return "Failed"
    if "CrashLoopBackOff" in str(container.get("detailStatus")):
        return "Failed"
    if provisioning == "Unhealthy":
        return "Unhealthy"
    if is_moving(group) or container.get("state") != "Running":
        return "Transitioning"
    return "Healthy"


def endpoint_of(group: Mapping[str, Any], revision: Revision | None) -> Endpoint | None:
    """Where the service answers; None as long as it has no address."""
    address = group["properties"].get("ipAddress") or {}
    if not address.get("ip"):
        return None
    tls = revision is not None and revision.ssl_enabled
    host = (revision.cname if revision and tls else None) or address.get("fqdn") or address["ip"]
    return Endpoint(
        address=str(address["ip"]),
        port=int(address["ports"][0]["port"]),
        host=str(host),
        certificate=revision.certificate if revision and tls else None,
    )


def service_of(
    group: Mapping[str, Any], revision: Revision | None, workspace: AzureWorkspace
) -> Service:
    """`revision` is what is written down of it, None where that is not known."""
    container = container_of(group)["properties"]
    address = group["properties"].get("ipAddress") or {}
    requests = container["resources"]["requests"]
    uri = _scoring_uri(address, revision)
    made = _time(revision.created_time) if revision else _started(group)
    _, _, digest = str(container["image"]).partition("@")
    return Service(
        name=service_name(group) or str(group["name"]),
        state=state_of(group),
        compute_type="ACI",
        created_time=made,
        updated_time=max(made, _started(group)),
        revision=revision_number(group),
        scoring_uri=uri,
        swagger_uri=uri and uri.removesuffix("score") + "swagger.json",
        container=str(group["name"]),
        image_digest=digest or None,
        image_id=(revision.image_id if revision else None) or digest or str(container["image"]),
        cpu=requests.get("cpu"),
        memory_in_gb=requests.get("memoryInGB"),
        description=revision.description if revision else None,
        tags=own_tags(group),
        properties=revision.properties if revision else {},
        models=revision.models if revision else models_of(group) or (),
        environment=revision.environment if revision else {},
        environment_digest=revision.environment_digest if revision else None,
        auth_enabled=revision.auth_enabled if revision else False,
        ssl_enabled=revision.ssl_enabled if revision else False,
        app_insights_enabled=revision.app_insights_enabled if revision else False,
        error=_error(group),
        location=str(group["location"]),
        cname=revision.cname if revision else None,
        public_ip=address.get("ip"),
        public_fqdn=address.get("fqdn"),
        workspace=workspace.name,
    )


def revision_number(group: Mapping[str, Any]) -> int:
    """0 where no tag says it."""
    number = str((group.get("tags") or {}).get(REVISION_TAG, "0"))
    return int(number) if number.isdecimal() else 0


def own_tags(group: Mapping[str, Any]) -> dict[str, str]:
    """Those of the user's."""
    tags = group.get("tags") or {}
    return {name: str(text) for name, text in tags.items() if not name.startswith(_OURS)}


def parts_of(group: Mapping[str, Any]) -> dict[str, str]:
    """The names of the content of each part, as the group's tags have them."""
    tags = group.get("tags") or {}
    return {
        name.removeprefix(PART_TAG): str(text)
        for name, text in tags.items()
        if name.startswith(PART_TAG)
    }


def models_of(group: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Its models as `name:version`; None where the group itself does not tell."""
    told = (group.get("tags") or {}).get(MODELS_TAG)
    return None if told is None else tuple(str(told).split())


def tells_its_row(group: Mapping[str, Any]) -> bool:
    """Whether the group alone tells what a list shows of it: models, times, and its address."""
    [port] = ((group["properties"].get("ipAddress") or {}).get("ports") or [{}])[:1]
    is_open = port.get("port") == 80
    return models_of(group) is not None and is_open and bool(current_state(group).get("startTime"))


def record_of(group: Mapping[str, Any]) -> str | None:
    """The digest of the record of the revision that the group has."""
    return (group.get("tags") or {}).get(RECORD_TAG)


def _scoring_uri(address: Mapping[str, Any], revision: Revision | None) -> str | None:
    tls = revision is not None and revision.ssl_enabled
    host = (revision.cname if revision and tls else None) or address.get("fqdn")
    host = host or address.get("ip")
    return f"{'https' if tls else 'http'}://{host}/score" if host else None


def _error(group: Mapping[str, Any]) -> str | None:
    state = current_state(group)
    code = state.get("exitCode")
    previous = container_of(group)["properties"].get("instanceView", {}).get("previousState") or {}
    if state.get("state") == "Terminated" and code:
        return f"it ended with exit code {code}"
    if "CrashLoopBackOff" in str(state.get("detailStatus")):
        return f"it crashes again and again, with exit code {previous.get('exitCode')}"
    return None


def _started(group: Mapping[str, Any]) -> datetime:
    return _time(str(current_state(group).get("startTime") or ""))


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return _UNKNOWN_TIME
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)

"""Application Insights as a surface: components with a key, and an end for what they are sent."""

from __future__ import annotations

import json
import uuid

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as WebRoute

from acideploy.emulator.arm.routes import Provider
from acideploy.emulator.arm.stored import Asked, StoredType
from acideploy.emulator.cloud import TENANT, Cloud, long_time, new_id
from acideploy.emulator.store import Document

NAMESPACE = "Microsoft.Insights"
VERSIONS = ("2020-02-02", "2020-02-02-preview", "2018-05-01-preview", "2015-05-01")


class Insights:
    """`Microsoft.Insights`."""

    def __init__(self, cloud: Cloud) -> None:
        components = StoredType(
            namespace=NAMESPACE,
            name="components",
            versions=VERSIONS,
            describe=_describe,
            # The service answers 200 for new ones, too.
            created=200,
        )
        self.provider = Provider(
            namespace=NAMESPACE,
            types=(components.resource_type(),),
            routes=components.routes(),
        )

    async def resume(self) -> None:
        pass

    async def close(self) -> None:
        pass


def ingestion_routes() -> list[WebRoute]:
    """Where connection strings lead to: telemetry is counted and thrown away."""
    return [WebRoute(path, _track, methods=["POST"]) for path in ("/v2/track", "/v2.1/track")]


async def _describe(asked: Asked) -> Document:
    given, url = asked.properties, asked.call.cloud.url
    key = asked.kept("InstrumentationKey", new_id())
    app = asked.kept("AppId", new_id())
    properties = {
        "ApplicationId": asked.name,
        "AppId": app,
        "Application_Type": given.get("Application_Type") or "web",
        "Flow_Type": given.get("Flow_Type") or "Bluefield",
        "Request_Source": given.get("Request_Source") or "rest",
        "InstrumentationKey": key,
        "ConnectionString": f"InstrumentationKey={key};IngestionEndpoint={url}/;"
        f"LiveEndpoint={url}/;ApplicationId={app}",
        "Name": asked.name,
        "CreationDate": asked.kept("CreationDate", _time(asked)),
        "TenantId": TENANT,
        "provisioningState": "Succeeded",
        "SamplingPercentage": given.get("SamplingPercentage"),
        "RetentionInDays": given.get("RetentionInDays") or 90,
        **_workspace(given),
        "IngestionMode": given.get("IngestionMode") or "ApplicationInsights",
        "publicNetworkAccessForIngestion": given.get("publicNetworkAccessForIngestion")
        or "Enabled",
        "publicNetworkAccessForQuery": given.get("publicNetworkAccessForQuery") or "Enabled",
        "Ver": "v2",
    }
    return {
        "kind": asked.body.get("kind") or "web",
        "etag": f'"{uuid.uuid4()}"',
        # The service's own spelling.
        "id": asked.id.replace(f"/{NAMESPACE}/", f"/{NAMESPACE.lower()}/"),
        "name": asked.name,
        "type": f"{NAMESPACE.lower()}/components",
        "location": asked.location,
        "tags": asked.tags,
        "properties": properties,
    }


def _time(asked: Asked) -> str:
    return long_time(asked.call.cloud.clock.now())[:-1] + "+00:00"


def _workspace(given: Document) -> Document:
    id = given.get("WorkspaceResourceId")
    return {"WorkspaceResourceId": id} if id else {}


async def _track(request: Request) -> Response:
    """Telemetry is a JSON array, or one JSON value a line."""
    text = (await request.body()).decode("utf-8", "replace").strip()
    try:
        whole = json.loads(text)
        count = len(whole) if isinstance(whole, list) else 1
    except ValueError:
        count = len(text.splitlines())
    return JSONResponse({"itemsReceived": count, "itemsAccepted": count, "errors": []})

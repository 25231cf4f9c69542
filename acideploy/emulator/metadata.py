"""`/metadata/endpoints`: where everything of this cloud is, for clients that know only one URL."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from acideploy.emulator.cloud import Cloud

NAME = "AcideployEmulator"


class CloudMetadata:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def routes(self) -> list[Route]:
        return [Route("/metadata/endpoints", self._endpoints)]

    async def _endpoints(self, request: Request) -> Response:
        version = request.query_params.get("api-version", "")
        if version < "2018-01-01":
            return JSONResponse(self._oldest())
        cloud = self._described()
        return JSONResponse(cloud if version >= "2022-09-01" else [cloud])

    def _oldest(self) -> dict[str, Any]:
        url = self._cloud.url
        return {
            "galleryEndpoint": url,
            "graphEndpoint": url,
            "portalEndpoint": url,
            "authentication": {"loginEndpoint": url, "audiences": _audiences(url)},
        }

    def _described(self) -> dict[str, Any]:
        url = self._cloud.url
        host = url.removeprefix("https://")
        return {
            "portal": url,
            "authentication": {
                "loginEndpoint": url,
                "audiences": _audiences(url),
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "media": url,
            "graphAudience": url,
            "graph": url,
            "name": NAME,
            "suffixes": {
                "storage": host,
                "keyVaultDns": "localhost",
                "acrLoginServer": "localhost",
            },
            "batch": url,
            "resourceManager": url,
            "vmImageAliasDoc": url,
            "activeDirectoryDataLake": url,
            "sqlManagement": url,
            "microsoftGraphResourceId": url,
            "gallery": url,
        }


def _audiences(url: str) -> list[str]:
    return ["https://management.core.windows.net/", "https://management.azure.com/", url]

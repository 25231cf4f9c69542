"""Tokens on requests, by the scope that each request needs."""

from __future__ import annotations

import re
from io import BytesIO
from urllib.parse import unquote, urlsplit

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy
from azure.core.rest import HttpRequest, HttpResponse

from acideploy.registry.authentication import Tokens
from acideploy.registry.body import Body, Stream


class Authorisation(HTTPPolicy[HttpRequest, HttpResponse]):
    """Sends the token along, and answers a challenge once."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self._tokens = tokens

    def send(
        self, request: PipelineRequest[HttpRequest]
    ) -> PipelineResponse[HttpRequest, HttpResponse]:
        message = request.http_request
        scopes = scopes_of(message.method, message.url)
        if header := self._tokens.header(scopes):
            message.headers["Authorization"] = header
        response = self.next.send(request)
        challenge = response.http_response.headers.get("WWW-Authenticate")
        if response.http_response.status_code != 401 or not challenge:
            return response
        header = self._tokens.challenged(challenge, scopes)
        if header is None or isinstance(message.content, Body | Stream):
            # A body that is streamed cannot be sent twice: whoever made it begins anew.
            return response
        response.http_response.close()
        if isinstance(message.content, BytesIO):
            message.content.seek(0)
        message.headers["Authorization"] = header
        return self.next.send(request)


def scopes_of(method: str, url: str) -> tuple[str, ...]:
    """What a token must allow for a request: `repository:models/iris:pull,push`.

    Nothing where that is not known: the challenge says it then.
    """
    parts = urlsplit(url)
    path, query = unquote(parts.path), unquote(parts.query)
    if path == "/v2/_catalog":
        return ("registry:catalog:*",)
    if found := re.match(r"/acr/v1/(.+)/_tags/", path):
        return (f"repository:{found[1]}:metadata_read,metadata_write",)
    found = re.match(r"/v2/(.+)/(?:manifests|blobs|tags)/", path)
    if found is None:
        return ()
    actions = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}.get(method, "pull,push")
    source = re.search(r"(?:^|&)from=([^&]+)", query)
    mounted = (f"repository:{source[1]}:pull",) if source else ()
    return (f"repository:{found[1]}:{actions}", *mounted)

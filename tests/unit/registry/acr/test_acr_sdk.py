"""What `registry/acr/client.py` uses of the SDK's private layer is as it was when it was written.

A failure here means that another release of azure-containerregistry is installed, in which that
has changed: look at client.py, which is the one file to change.
"""

from __future__ import annotations

import inspect
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from azure.containerregistry import ContainerRegistryClient, __version__
from azure.core import PipelineClient
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import ContentDecodePolicy, UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from requests.adapters import BaseAdapter

from acideploy.registry.acr import client as client_module

DIGEST = "sha256:" + "a" * 64
ANSWER = b'{"errors":[]}'
CHANGED = f"azure-containerregistry {__version__} has changed in what registry/acr/client.py uses: "
# What is called, on which of the two groups, with which parameters by position and by name.
USED = {
    ("container_registry_blob", "check_blob_exists"): (("name", "digest"), ()),
    ("container_registry_blob", "mount_blob"): (("name",), ("from_parameter", "mount")),
    ("container_registry_blob", "start_upload"): (("name",), ()),
    ("container_registry_blob", "upload_chunk"): (("next_link", "value"), ()),
    ("container_registry_blob", "complete_upload"): (("next_link", "value"), ("digest",)),
    ("container_registry", "get_manifest"): (("name", "reference"), ("accept",)),
    ("container_registry", "create_manifest"): (("name", "reference", "payload"), ()),
    ("container_registry", "delete_manifest"): (("name", "reference"), ()),
    ("container_registry", "delete_repository"): (("name",), ()),
    ("container_registry", "update_tag_attributes"): (("name", "reference", "value"), ()),
}


class Body:
    """A body that is iterated once, as ours."""

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Any:
        return iter([b"abc"])


class Recorder(BaseAdapter):
    """Answers every request in one way, and remembers it."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        super().__init__()
        self.status = status
        self.headers = {"Content-Type": "application/json", **(headers or {})}
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:  # type: ignore[override]
        self.requests.append(request)
        response = requests.Response()
        response.request, response.url = request, str(request.url)
        response.status_code = self.status
        response.headers.update(self.headers)
        response.raw = urllib3.HTTPResponse(
            BytesIO(ANSWER), headers=self.headers, status=self.status, preload_content=False
        )
        return response

    def close(self) -> None: ...


def opened(recorder: Recorder) -> Any:
    """The private layer, made as client.py makes it."""
    session = requests.Session()
    session.mount("https://", recorder)
    client = ContainerRegistryClient(
        "https://contoso.azurecr.io",
        credential=None,
        policies=[UserAgentPolicy("acideploy"), ContentDecodePolicy()],
        transport=RequestsTransport(session=session, session_owner=False),
    )
    return client._client


@pytest.mark.parametrize(("group", "method"), USED)
def test_it_has_the_methods_with_their_parameters(group: str, method: str) -> None:
    layer = opened(Recorder(200))
    found = getattr(getattr(layer, group, None), method, None)
    assert found is not None, f"{CHANGED}there is no {group}.{method}"
    parameters = inspect.signature(found).parameters
    positional, named = USED[group, method]
    given = [name for name, each in parameters.items() if each.kind is each.POSITIONAL_OR_KEYWORD]
    assert tuple(given[: len(positional)]) == positional, f"{CHANGED}{group}.{method}{given}"
    for name in named:
        takes = name in parameters or any(
            each.kind is each.VAR_KEYWORD for each in parameters.values()
        )
        assert takes, f"{CHANGED}{group}.{method} takes no {name}"


def test_what_is_used_is_what_is_looked_at_here() -> None:
    source = Path(client_module.__file__).read_text()
    groups = {"_blobs": "container_registry_blob", "_manifests": "container_registry"}
    used = re.findall(r"self\.(_blobs|_manifests)\.(\w+)\(", source)
    assert {(groups[group], method) for group, method in used} == set(USED)
    assert set(re.findall(r"= layer\.(\w+)", source)) == {*groups.values(), "_client"}


def test_it_sends_requests_that_are_made_by_hand() -> None:
    recorder = Recorder(200)
    pipeline = opened(recorder)._client
    assert isinstance(pipeline, PipelineClient), f"{CHANGED}there is no pipeline client"
    request = HttpRequest("GET", "https://contoso.azurecr.io/v2/a/blobs/b")
    assert pipeline.send_request(request, stream=True).status_code == 200
    assert [each.url for each in recorder.requests] == [request.url]


CALLS: dict[str, tuple[int, Any, str, str]] = {
    "check_blob_exists": (
        200,
        lambda layer: layer.container_registry_blob.check_blob_exists("a/b", DIGEST),
        "HEAD",
        rf"/v2/a(/|%2F)b/blobs/{DIGEST.replace(':', '(:|%3A)')}",
    ),
    "mount_blob": (
        201,
        lambda layer: layer.container_registry_blob.mount_blob(
            "a", from_parameter="models/b", mount=DIGEST
        ),
        "POST",
        rf"/v2/a/blobs/uploads/\?from=models(/|%2F)b&mount={DIGEST.replace(':', '(:|%3A)')}",
    ),
    "start_upload": (
        202,
        lambda layer: layer.container_registry_blob.start_upload("a"),
        "POST",
        "/v2/a/blobs/uploads/",
    ),
    "upload_chunk": (
        202,
        lambda layer: layer.container_registry_blob.upload_chunk(
            "v2/a/blobs/uploads/1?_state=x%3D", Body()
        ),
        "PATCH",
        r"/v2/a/blobs/uploads/1\?_state=x%3D",
    ),
    "complete_upload": (
        201,
        lambda layer: layer.container_registry_blob.complete_upload(
            "v2/a/blobs/uploads/1?_state=x%3D", Body(), digest=DIGEST
        ),
        "PUT",
        r"/v2/a/blobs/uploads/1\?.*",
    ),
    "create_manifest": (
        201,
        lambda layer: layer.container_registry.create_manifest(
            "a", "1", BytesIO(b"{}"), content_type="application/x"
        ),
        "PUT",
        "/v2/a/manifests/1",
    ),
    "delete_manifest": (
        202,
        lambda layer: layer.container_registry.delete_manifest("a", DIGEST),
        "DELETE",
        rf"/v2/a/manifests/{DIGEST.replace(':', '(:|%3A)')}",
    ),
    "delete_repository": (
        202,
        lambda layer: layer.container_registry.delete_repository("a"),
        "DELETE",
        r"/acr/v1/a\?api-version=2021-07-01",
    ),
    "update_tag_attributes": (
        200,
        lambda layer: layer.container_registry.update_tag_attributes(
            "a", "1", BytesIO(b"{}"), content_type="application/json"
        ),
        "PATCH",
        r"/acr/v1/a/_tags/1\?api-version=2021-07-01",
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_each_call_is_one_request(call: str) -> None:
    status, ask, method, path = CALLS[call]
    recorder = Recorder(status, {"Location": "/v2/a/blobs/uploads/1"})
    ask(opened(recorder))
    [request] = recorder.requests
    assert request.method == method, f"{CHANGED}{call} is {request.method}"
    place = str(request.url).removeprefix("https://contoso.azurecr.io")
    assert re.fullmatch(path, place), f"{CHANGED}{call} asks for {place}"
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("status", [307, 401, 429, 500, 503])
def test_nothing_is_tried_again_followed_or_answered_by_the_sdk(status: int) -> None:
    headers = {
        "Location": "https://elsewhere.example.org/",
        "Retry-After": "0",
        "WWW-Authenticate": 'Bearer realm="https://contoso.azurecr.io/oauth2/token",service="s"',
    }
    recorder = Recorder(status, headers)
    with pytest.raises(HttpResponseError) as caught:
        opened(recorder).container_registry_blob.start_upload("a")
    assert caught.value.status_code == status
    assert len(recorder.requests) == 1, f"{CHANGED}it sends {len(recorder.requests)} requests"


def test_a_streamed_body_is_passed_on_as_it_is() -> None:
    recorder = Recorder(201)
    body = Body()
    layer = opened(recorder)
    layer.container_registry_blob.complete_upload("v2/a/blobs/uploads/1", body, digest=DIGEST)
    [request] = recorder.requests
    assert request.body is body, f"{CHANGED}complete_upload reads the body"
    assert str(request.url).endswith(f"digest={DIGEST.replace(':', '%3A')}")


def test_an_upload_that_goes_on_says_where() -> None:
    recorder = Recorder(202, {"Location": "/v2/a/blobs/uploads/2"})
    headers = opened(recorder).container_registry_blob.upload_chunk(
        "v2/a/blobs/uploads/1", Body(), cls=lambda response, body, headers: headers
    )
    assert headers["Location"] == "/v2/a/blobs/uploads/2"
    [request] = recorder.requests
    assert request.body is not None
    assert b"".join(request.body) == b"abc", f"{CHANGED}upload_chunk reads the body"  # type: ignore[arg-type]


def test_the_state_of_an_upload_is_kept_in_its_address() -> None:
    recorder = Recorder(201)
    layer = opened(recorder)
    upload = "v2/a/blobs/uploads/1?_state=a%3D%3D&b=c"
    layer.container_registry_blob.complete_upload(upload, Body(), digest=DIGEST)
    [request] = recorder.requests
    assert "_state=a%3D%3D" in str(request.url), f"{CHANGED}{request.url}"
    assert "b=c" in str(request.url)


def test_the_raw_answer_and_its_headers_are_to_be_had() -> None:
    recorder = Recorder(200, {"Docker-Content-Digest": DIGEST})
    raw = opened(recorder).container_registry.get_manifest(
        "a", "1", accept="application/x", cls=lambda response, body, headers: response.http_response
    )
    assert raw.headers["Docker-Content-Digest"] == DIGEST
    assert raw.read() == ANSWER
    assert recorder.requests[0].headers["Accept"] == "application/x"
    started = opened(Recorder(202, {"Location": "/v2/a/blobs/uploads/1"}))
    headers = started.container_registry_blob.start_upload(
        "a", cls=lambda response, body, headers: headers
    )
    assert headers["Location"] == "/v2/a/blobs/uploads/1"


def test_a_mount_that_is_an_upload_instead_says_where() -> None:
    recorder = Recorder(202, {"Location": "/v2/a/blobs/uploads/1"})
    with pytest.raises(HttpResponseError) as caught:
        opened(recorder).container_registry_blob.mount_blob("a", from_parameter="b", mount=DIGEST)
    response: Any = caught.value.response
    assert caught.value.status_code == 202
    assert response.headers["Location"] == "/v2/a/blobs/uploads/1"


def test_a_manifest_that_is_gone_already_is_no_failure() -> None:
    opened(Recorder(404)).container_registry.delete_manifest("a", DIGEST)


def test_a_repository_that_is_gone_already_is_no_failure() -> None:
    opened(Recorder(404)).container_registry.delete_repository("a")

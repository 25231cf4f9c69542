"""Requests and answers are those of the retired service."""

from __future__ import annotations

import json

import pytest

from tests.serving_process import Reply, Start

ECHO = """
import json
def init(): pass
def run(data): return json.loads(data)
"""
HEADERS = """
def init(): pass
def run(data, request_headers): return dict(request_headers)
"""
SCHEMA = """
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema
def init(): pass
@input_schema("names", StandardPythonParameterType(["Ada"]))
@input_schema("times", StandardPythonParameterType(1))
@output_schema(StandardPythonParameterType(["Ada"]))
def run(names, times=2): return names * times
"""
RAW = """
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse
def init(): pass
@rawhttp
def run(request):
    if request.method == "GET":
        return {"query": request.full_path}
    return AMLResponse(request.get_data()[::-1], 201, {"x-mine": "1"})
"""


def message(reply: Reply) -> str:
    return str(json.loads(reply.body)["message"])


def test_an_undecorated_run_gets_the_body_as_text(start: Start) -> None:
    service = start(ECHO)
    reply = service.score('{"a": [1, 2.5, null, "é"]}')
    assert (reply.status, json.loads(reply.body)) == (200, {"a": [1, 2.5, None, "é"]})
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-ms-run-function-failed"] == "False"
    assert float(reply.headers["x-ms-run-fn-exec-ms"]) < 1000
    assert reply.headers["x-ms-server-version"].startswith("azmlinfsrv/")
    assert len(reply.headers["x-request-id"]) == 36
    assert json.loads(service.get("/score?a=1&b=x&b=[2]").body) == {"a": 1, "b": ["x", [2]]}
    assert service.score(b"\xff").status == 400
    assert "POST /score 200" in service.log


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'text'", '"text"'),
        ("'{\"a\": 1}'", '"{\\"a\\": 1}"'),
        ("None", "{}"),
        ("[1, 2]", "[1, 2]"),
        ("{'a': 1}", '{"a": 1}'),
        ("1.5", "1.5"),
    ],
)
def test_what_run_returns_is_encoded_as_json(start: Start, expression: str, expected: str) -> None:
    service = start(f"def init(): pass\ndef run(data): return {expression}")
    assert service.score("{}").text == expected


def test_request_ids_come_back(start: Start) -> None:
    service = start(ECHO)
    ids = {"x-request-id": "r1", "x-ms-client-request-id": "c1"}
    reply = service.score("1", ids)
    assert reply.headers["x-request-id"] == "r1"
    assert reply.headers["x-ms-client-request-id"] == reply.headers["x-ms-request-id"] == "c1"
    assert service.score("1", {"x-request-id": "r" * 101}).status == 431


def test_run_gets_the_headers_it_asks_for_and_none_of_the_process(start: Start) -> None:
    service = start(HEADERS, {"HTTP_PROXY": "http://127.0.0.1:9", "HTTP_X_SECRET": "s"})
    headers = json.loads(service.score("{}", {"X-Mine": "yes"}).body)
    assert headers["X-Mine"] == "yes"
    assert not {"Proxy", "X-Secret", "X-Ms-Server-Version"} & set(headers)


def test_a_schema_is_enforced(start: Start) -> None:
    service = start(SCHEMA)
    assert json.loads(service.score('{"names": ["Bo"]}').body) == ["Bo", "Bo"]
    assert json.loads(service.score('{"names": ["Bo"], "times": 1}').body) == ["Bo"]
    assert message(service.score("{")).startswith("POST body could not be decoded as JSON")
    assert message(service.score("[]")) == "POST body should be a JSON dictionary."
    wanting = service.score("{}")
    assert wanting.status == 400
    assert message(wanting) == "A value is not provided for the 'names' parameter."
    plain = service.score('{"names": []}', {"Content-Type": "text/plain"})
    assert (plain.status, message(plain)) == (415, "Expects Content-Type to be application/json")
    swagger = json.loads(service.get("/swagger.json").body)
    assert swagger["definitions"]["ServiceInput"]["properties"]["names"]["type"] == "array"
    assert json.loads(service.get("/swagger.json?version=3.1").body)["openapi"] == "3.1.0"
    assert service.get("/swagger.json?version=9").status == 404


def test_rawhttp_gets_the_request_and_may_answer_by_itself(start: Start) -> None:
    service = start(RAW)
    reply = service.score(b"\x00\xffabc", {"Content-Type": "application/octet-stream"})
    assert (reply.status, reply.body, reply.headers["x-mine"]) == (201, b"cba\xff\x00", "1")
    assert json.loads(service.get("/score?a=1").body) == {"query": "/score?a=1"}


def test_an_error_in_run_is_logged_with_its_line_and_not_shown(start: Start) -> None:
    service = start("def init(): pass\ndef run(data):\n    return {}['secret']")
    reply = service.score("{}")
    assert reply.status == 500
    assert reply.headers["x-ms-run-function-failed"] == "True"
    text = "An unexpected error occurred in scoring script. Check the logs for more info."
    assert json.loads(reply.body) == {"message": text}
    assert 'score.py", line 3, in run' in service.log
    assert "KeyError: 'secret'" in service.log


def test_a_script_that_exits_fails_its_request_only(start: Start) -> None:
    service = start("import json\ndef init(): pass\ndef run(data): exit(json.loads(data) or {}[0])")
    assert service.score("4").status == 500
    assert service.score("0").status == 500
    assert service.get("/").text == "Healthy"


def test_unknown_routes_and_methods_answer_in_json(start: Start) -> None:
    service = start(ECHO)
    assert service.get("/nope").status == 404
    assert message(service.get("/nope"))
    assert service.request("DELETE", "/score").status == 405


def test_large_bodies_pass_up_to_the_limit(start: Start) -> None:
    service = start("def init(): pass\ndef run(data): return len(data)")
    assert service.score(b"x" * 30_000_000).text == "30000000"
    refused = service.score(b"", {"Content-Length": str(100 * 1024**2 + 1)})
    assert (refused.status, message(refused)) == (413, "the request body is larger than 100 MB")


def test_a_body_of_unannounced_length_is_read(start: Start) -> None:
    service = start(ECHO)
    connection = service.connection()
    connection.request(
        "POST",
        "/score",
        body=iter([b'{"a":', b" 1}"]),
        headers={"Content-Type": "application/json"},
        encode_chunked=True,
    )
    assert json.loads(connection.getresponse().read()) == {"a": 1}
    connection.close()


def test_a_connection_is_kept_for_the_next_request(start: Start) -> None:
    service = start(ECHO)
    connection = service.connection()
    connection.connect()
    socket_used = connection.sock
    for number in range(3):
        connection.request("POST", "/score", body=str(number))
        assert connection.getresponse().read() == str(number).encode()
        assert connection.sock is socket_used
    connection.close()


def test_browsers_of_the_named_origins_may_call(start: Start, tmp_path: object) -> None:
    service = start(ECHO, {"AML_CORS_ORIGINS": "https://a.example, https://b.example"})
    reply = service.score("1", {"Origin": "https://b.example"})
    assert reply.headers["access-control-allow-origin"] == "https://b.example"
    other = service.score("1", {"Origin": "https://c.example"})
    assert "access-control-allow-origin" not in other.headers

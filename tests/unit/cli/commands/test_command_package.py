from __future__ import annotations

import json
from pathlib import Path

import pytest

from acideploy.package import Package
from acideploy.request import PackageRequest, ToArchive, ToContext, ToLayout
from tests.unit.cli.fake_workspace import FakeWorkspace, RunCli


def asked(workspace: FakeWorkspace) -> PackageRequest:
    [request] = workspace.asked
    assert isinstance(request, PackageRequest)
    return request


def test_a_package_reaches_the_workspace_and_its_place_is_told(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    line = "model package -m iris:1 -f m.json -ic ic.json --in svc --il v1 --layer-compression gzip"
    outcome = cli(line)
    request = asked(workspace)
    assert (request.models, request.model_metadata_files) == (("iris:1",), (Path("m.json"),))
    assert (request.image_name, request.image_label) == ("svc", "v1")
    assert (request.destination, request.compression) == (None, "gzip")
    assert request.files.inference_config == Path("ic.json")
    assert json.loads(outcome.out) == {
        "generateDockerfile": False,
        "state": "Succeeded",
        "location": "contoso.azurecr.io/package:abc",
        "digest": "sha256:abc",
        "size": 10,
    }


@pytest.mark.parametrize(
    ("flag", "destination"),
    [
        ("--archive", ToArchive(Path("out"))),
        ("--oci-layout", ToLayout(Path("out"))),
        ("--output-path", ToContext(Path("out"))),
    ],
)
def test_a_package_can_go_elsewhere(
    cli: RunCli, workspace: FakeWorkspace, flag: str, destination: object
) -> None:
    assert cli(f"model package --es score.py {flag} out").code == 0
    assert asked(workspace).destination == destination


def test_a_dockerfile_is_told_as_before(cli: RunCli, workspace: FakeWorkspace) -> None:
    workspace.package = Package(location="out/Dockerfile")
    outcome = cli("model package --es score.py --output-path out --no-wait")
    assert json.loads(outcome.out)["generateDockerfile"] is True
    assert "--no-wait has no use any more" in outcome.err


def test_a_package_goes_to_one_place(cli: RunCli, workspace: FakeWorkspace) -> None:
    outcome = cli("model package --es score.py --archive a.tar --output-path out")
    assert (outcome.code, workspace.asked) == (2, [])
    assert "--archive, --oci-layout and --output-path exclude each other" in outcome.err

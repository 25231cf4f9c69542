"""The real `az`, unmodified, in the emulated cloud."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.emulator_command import StartedEmulator, emulator
from tests.environments import environment
from tests.parts.base_image import BaseImage, push

GROUP = "emulator"


@dataclass(frozen=True)
class Az:
    """`az`, signed in to an emulator."""

    program: Path
    cloud: StartedEmulator
    variables: dict[str, str]
    host: str

    def text(self, line: str, *, check: bool = True) -> str:
        """What a command line prints on stdout; on stderr too when it may fail."""
        done = subprocess.run(
            [self.program, *shlex.split(line)],
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if check else subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        assert not check or done.returncode == 0, f"az {line}\n{done.stderr}\n{self.cloud.log}"
        return done.stdout

    def __call__(self, line: str) -> Any:
        """The JSON that a command line prints."""
        return json.loads(self.text(line) or "null")


@pytest.fixture(scope="module")
def az(
    docker_part: str, base_image_part: BaseImage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Az]:
    # Names and versions as its users have them: whatever PyPI gives today.
    program = environment(["azure-cli"]).with_name("az")
    directory = tmp_path_factory.mktemp("az")
    with emulator(directory / "state", "--engine", docker_part) as cloud:
        known = {**os.environ, **cloud.variables, "AZURE_CONFIG_DIR": str(directory / "config")}
        # What `env` gives for it is tried in a test of its own; most are pointed there by name.
        known.pop("ARM_CLOUD_METADATA_URL")
        variables = {**known, "AZURE_CORE_COLLECT_TELEMETRY": "false", "DOCKER_HOST": docker_part}
        az = Az(program, cloud, variables, docker_part)
        az.text(f"cloud register -n emulator --endpoint-resource-manager {cloud.url}")
        az.text("cloud set -n emulator")
        az.text("config set core.instance_discovery=false")
        signed_in = az(
            f"login --service-principal -u {variables['AZURE_CLIENT_ID']} "
            f"-p {variables['AZURE_CLIENT_SECRET']} --tenant {variables['AZURE_TENANT_ID']}"
        )
        assert [each["id"] for each in signed_in] == [variables["AZURE_SUBSCRIPTION_ID"]]
        az("acr update -n emulator --admin-enabled true")
        logins = az("acr credential show -n emulator")
        password = logins["passwords"][0]["value"]
        # A folder for certificates may hold nothing else.
        trusted = directory / "certificates" / "ca.crt"
        trusted.parent.mkdir()
        trusted.write_bytes(cloud.ca.read_bytes())
        push(
            base_image_part,
            Registry(cloud.registry, trusted),
            "base",
            credentials=f"{logins['username']}:{password}",
        )
        yield az


@dataclass(frozen=True)
class Registry:
    host: str
    ca: Path
    tls: bool = True


def test_a_container_group_goes_through_its_whole_life(az: Az) -> None:
    login = az("acr credential show -n emulator")
    image = f"{az.cloud.registry}/base:latest"
    serve = "python3 -u -m http.server 8000 --directory /etc"
    # Not waited for by az, which asks every 30 s only.
    az.text(
        f"container create --no-wait -g {GROUP} -n web --image {image} --os-type Linux --cpu 0.5 "
        f"--memory 0.5 --ports 8000 --ip-address Public --command-line '{serve}' "
        f"--registry-login-server {az.cloud.registry} --registry-username {login['username']} "
        f"--registry-password {login['passwords'][0]['value']} -e WHO=me"
    )
    shown = _until_running(az, "web")
    assert shown["provisioningState"] == "Succeeded"
    address = shown["ipAddress"]["ip"]
    assert "root:" in _until(lambda: _fetch(f"http://{address}:8000/passwd"))
    assert "GET /passwd" in _until(
        lambda: az.text(f"container logs -g {GROUP} -n web"), wanted="GET /passwd"
    )
    assert [each["name"] for each in az(f"container list -g {GROUP}")] == ["web"]

    assert "the sum is 42" in _exec(az, "web", "/bin/sh", "echo the sum is $((40 + 2))")

    az.text(f"container restart --no-wait -g {GROUP} -n web")
    _until_running(az, "web")
    az.text(f"container stop -g {GROUP} -n web")
    assert az(f"container show -g {GROUP} -n web")["instanceView"]["state"] == "Stopped"
    az.text(f"container start --no-wait -g {GROUP} -n web")
    address = _until_running(az, "web")["ipAddress"]["ip"]
    assert _until(lambda: _fetch(f"http://{address}:8000/passwd"))
    az.text(f"container delete -g {GROUP} -n web --yes")
    assert az(f"container list -g {GROUP}") == []


def test_a_wrong_password_fails_as_on_azure(az: Az) -> None:
    said = az.text(
        f"container create -g {GROUP} -n denied --image {az.cloud.registry}/base:latest "
        f"--os-type Linux --cpu 1 --memory 1 --registry-login-server {az.cloud.registry} "
        "--registry-username emulator --registry-password wrong",
        check=False,
    )
    assert "InaccessibleImage" in said


def test_a_registry_is_made_signed_in_to_and_built_in(az: Az, tmp_path: Path) -> None:
    az.variables["DOCKER_CONFIG"] = str(tmp_path / "docker")
    made = az(f"acr create -g {GROUP} -n second --sku Standard --admin-enabled true")
    assert made["loginServer"].startswith("localhost:")
    assert az("acr login -n second --expose-token")["loginServer"] == made["loginServer"]

    az.text("acr login -n second")
    assert made["loginServer"] in (tmp_path / "docker" / "config.json").read_text()

    az.text("acr import -n second --source base:latest --registry emulator --image copied:1")
    assert az("acr repository list -n second") == ["copied"]

    (tmp_path / "Dockerfile").write_text(
        f"FROM {made['loginServer']}/copied:1\nRUN echo built > /built\nCMD cat /built\n"
    )
    said = az.text(f"acr build -r second -t built:1 {tmp_path}", check=False)
    assert "was successful" in said, said
    assert az("acr repository list -n second") == ["built", "copied"]
    assert az("acr repository show-tags -n second --repository built") == ["1"]


def test_az_finds_the_cloud_by_the_variable_that_env_prints(az: Az, tmp_path: Path) -> None:
    url = az.cloud.variables["ARM_CLOUD_METADATA_URL"]
    variables = {
        **az.variables,
        "ARM_CLOUD_METADATA_URL": url,
        "AZURE_CONFIG_DIR": str(tmp_path),
    }
    found = Az(az.program, az.cloud, variables, az.host)
    assert "AcideployEmulator" in found.text("cloud list -o tsv --query [].name")


def _exec(az: Az, name: str, command: str, line: str) -> str:
    """What `az container exec` prints while a line is typed into it, and the shell is left."""
    words = ["container", "exec", "-g", GROUP, "-n", name, "--exec-command", command]
    shell = pexpect.spawn(str(az.program), words, env=az.variables, encoding="utf-8", timeout=60)
    try:
        shell.expect(r"[#$] ")
        shell.sendline(line)
        shell.sendline("exit")
        shell.expect(pexpect.EOF)
    except pexpect.ExceptionPexpect as error:
        raise AssertionError(f"{shell.before}\n{az.cloud.log}") from error
    finally:
        shell.close(force=True)
    return str(shell.before)


def _fetch(url: str) -> str:
    done = subprocess.run(
        ["curl", "--silent", "--noproxy", "*", "--max-time", "5", url],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def _until_running(az: Az, name: str) -> Any:
    """A group, once it runs."""

    def ask() -> str:
        shown = az(f"container show -g {GROUP} -n {name}")
        settled = shown["provisioningState"] == "Succeeded"
        runs = settled and shown["instanceView"]["state"] == "Running"
        return json.dumps(shown) if runs else ""

    return json.loads(_until(ask))


def _until(ask: Any, *, wanted: str = "", seconds: float = 30) -> str:
    """The first answer with what is wanted in it."""
    answer = ""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        answer = ask()
        if answer and wanted in answer:
            return answer
        time.sleep(0.2)
    raise AssertionError(f"{wanted!r} did not come: {answer!r}")

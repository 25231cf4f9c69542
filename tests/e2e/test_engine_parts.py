"""The engines that tests stand on pull from the registry and run what they pulled."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, STDOUT

import pytest

from tests.cache import REPOSITORY
from tests.parts import program
from tests.parts.acr import OWNER, RunningAcr
from tests.parts.base_image import BaseImage, Variant, push
from tests.parts.process import free_port
from tests.parts.proxy import RunningProxy

MEMORY = 128 << 20

Docker = Callable[..., str]


@pytest.fixture
def docker(engine_part: str, tmp_path: Path) -> Docker:
    """Docker's command, for each engine."""
    executable = program("docker", package="docker.io")
    variables = {**os.environ, "DOCKER_HOST": engine_part, "DOCKER_CONFIG": str(tmp_path)}

    def docker(*arguments: str) -> str:
        done = subprocess.run(
            [executable, *arguments],
            env=variables,
            stdout=PIPE,
            stderr=STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    return docker


@pytest.mark.parametrize("variant", ["oci", "docker", "index"])
def test_every_variant_is_pulled_and_run(
    docker: Docker, proxy_part: RunningProxy, base_image_part: BaseImage, variant: Variant
) -> None:
    digest = push(base_image_part, proxy_part, "engines", variant=variant, tag=variant)
    image = f"{proxy_part.host}/engines@{digest}"
    docker("pull", "--quiet", image)
    assert docker("run", "--rm", image, "python3", "-c", "print(1)") == "1"
    checks = "import ssl, sqlite3, ctypes, lzma, zlib; print(ssl.create_default_context())"
    docker("run", "--rm", image, "python3", "-c", checks)


def test_a_container_has_its_memory_limit_and_its_port(
    docker: Docker, proxy_part: RunningProxy, base_image_part: BaseImage
) -> None:
    push(base_image_part, proxy_part, "engines")
    image = f"{proxy_part.host}/engines"
    port = free_port()
    name = f"limited-{port}"
    docker(
        *("run", "--detach", "--name", name, "--memory", str(MEMORY), "--cpus", "0.5"),
        *("--publish", f"127.0.0.1:{port}:80", image, "python3", "-m", "http.server", "80"),
    )
    assert b"bookworm" in _get(f"http://127.0.0.1:{port}/etc/os-release")
    assert json.loads(docker("inspect", name))[0]["HostConfig"]["Memory"] == MEMORY
    limits = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
    limit = docker("exec", name, "sh", "-c", f"cat {' '.join(limits)} 2>/dev/null || true")
    assert limit == str(MEMORY)
    assert "GET /etc/os-release" in docker("logs", name)
    docker("rm", "--force", name)


def test_an_engine_pulls_from_azure_s_registry(
    docker: Docker, acr_part: RunningAcr, base_image_part: BaseImage, tmp_path: Path
) -> None:
    acr_part.tokens.users["admin", "secret"] = OWNER
    digest = push(base_image_part, acr_part, "acr-engines", credentials="admin:secret")
    login = base64.b64encode(b"admin:secret").decode()
    configuration = {"auths": {acr_part.host: {"auth": login}}}
    (tmp_path / "config.json").write_text(json.dumps(configuration))
    image = f"{acr_part.host}/acr-engines@{digest}"
    docker("pull", "--quiet", image)
    assert docker("run", "--rm", image, "python3", "-c", "print(1)") == "1"


@pytest.mark.xdist_group("engine")
@pytest.mark.parametrize("end", ["closed", "killed"])
@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_an_engine_leaves_nothing_behind(
    engine: str, end: str, request: pytest.FixtureRequest
) -> None:
    # Skips where engines cannot be had.
    request.getfixturevalue(f"{engine}_part")
    script = f"from tests.parts.engine import {engine}_engine as engine\n"
    script += "with engine() as host: print(host, flush=True), input()"
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=PIPE, stdout=PIPE, text=True) as owner:
        assert owner.stdin
        assert owner.stdout
        host = owner.stdout.readline().strip()
        _run_for_ever(host)
        directory = Path(host.removeprefix("unix://")).parent
        token = directory.name.rpartition("-")[2]
        assert _traces(token)
        assert _processes_in(directory)
        if end == "killed":
            owner.kill()
        else:
            owner.stdin.write("\n")
    deadline = time.monotonic() + 30
    while left := [
        *_traces(token),
        *_processes_in(directory),
        *directory.parent.glob(directory.name),
    ]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def _run_for_ever(host: str) -> None:
    """Has an engine run a container, of an image with nothing in it but `sleep`."""
    docker: list[str | Path] = [program("docker", package="docker.io"), "--host", host]
    listed = subprocess.run(["ldd", "/bin/sleep"], capture_output=True, text=True, check=True)
    libraries = re.findall(r"/\S+", listed.stdout)
    tar = ["tar", "--create", "--dereference", "--file=-", "/bin/sleep", *libraries]
    image = subprocess.run(tar, capture_output=True, check=True).stdout
    subprocess.run([*docker, "import", "-", "sleeping"], input=image, stdout=PIPE, check=True)
    run = [*docker, "run", "--detach", "--publish", "127.0.0.1::80", "sleeping"]
    subprocess.run([*run, "/bin/sleep", "1000"], stdout=PIPE, check=True)


def _get(url: str) -> bytes:
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                content: bytes = response.read()
                return content
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def _traces(token: str) -> list[str]:
    """The devices, mounts and rules of the packet filter that bear the name of an engine."""
    rules = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout
    mounts = Path("/proc/self/mountinfo").read_text()
    names = [path.name for path in Path("/sys/class/net").iterdir()]
    lines = [*names, *rules.splitlines(), *mounts.splitlines()]
    return [line for line in lines if token in line]


def _processes_in(directory: Path) -> list[str]:
    """The processes of an engine, and those in its containers."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes().decode(errors="replace")
            mounts = (process / "mountinfo").read_text()
            root = [line for line in mounts.splitlines() if line.split()[4] == "/"]
            if f"{directory}/" in command or f"{directory}/" in "".join(root):
                found.append(f"{process.name} {command}")
    return found

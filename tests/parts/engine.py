"""Container engines of their own: Docker's and Podman's, each on a socket in a folder of its own.

Both need root. What they leave in the system - bridges, mounts, packet filter rules, processes - is
taken away at the end, and bears names that clash with nobody's.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.parts import MissingPartError, program
from tests.parts.engine_api import answers, remove_containers
from tests.parts.engine_cleanup import bridge_name, cleaned_up
from tests.parts.engine_network import Network, make_bridge, private_network
from tests.parts.process import running

# Some machines have no room for the ceilings that Podman asks for itself.
LIMITS = ["nofile=1024:1024", "nproc=1024:1024"]


@contextlib.contextmanager
def docker_engine() -> Iterator[str]:
    """The `DOCKER_HOST` of a new dockerd. Raises MissingPartError without root or dockerd."""
    dockerd = program("dockerd", package="docker.io")
    directory = _new_directory("docker")
    with cleaned_up(directory):
        network = private_network(bridge_name(directory))
        make_bridge(network)
        socket = directory / "docker.sock"
        # Instead of the machine's own settings.
        (directory / "daemon.json").write_text("{}")
        command: list[str | Path] = [
            dockerd,
            *("--config-file", directory / "daemon.json", "--host", f"unix://{socket}"),
            *("--data-root", directory / "data", "--exec-root", directory / "exec"),
            *("--pidfile", directory / "pid", "--storage-driver", "overlay2"),
            *("--containerd-namespace", directory.name, "--bridge", network.bridge),
            *("--containerd-plugins-namespace", f"{directory.name}-plugins"),
            # Two engines of Docker share the chains of the packet filter, and the second begins by
            # emptying them. The bridge has rules of its own; published ports go through a process.
            *("--iptables=false", "--log-level", "warn"),
        ]
        with running(command, log=directory / "log", ready=lambda: answers(socket), seconds=60):
            try:
                yield f"unix://{socket}"
            finally:
                remove_containers(socket)


@contextlib.contextmanager
def podman_engine() -> Iterator[str]:
    """The `DOCKER_HOST` of a new Podman service, with runc. Raises MissingPartError as above."""
    podman = program("podman")
    program("runc")
    directory = _new_directory("podman")
    with cleaned_up(directory):
        network = private_network(bridge_name(directory))
        socket = directory / "podman.sock"
        variables = _podman_settings(directory, network)
        command: list[str | Path] = [
            podman,
            *("--root", directory / "data", "--runroot", directory / "run"),
            *("system", "service", "--time=0", f"unix://{socket}"),
        ]
        with running(
            command, log=directory / "log", ready=lambda: answers(socket), variables=variables
        ):
            try:
                yield f"unix://{socket}"
            finally:
                remove_containers(socket)


def _podman_settings(directory: Path, network: Network) -> dict[str, str]:
    networks = directory / "networks"
    networks.mkdir()
    bridge = {
        "type": "bridge",
        "bridge": network.bridge,
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(directory / "addresses"),
            "routes": [{"dst": "0.0.0.0/0"}],
            "ranges": [[{"subnet": network.subnet, "gateway": network.gateway}]],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    plugins = [bridge, ports, {"type": "firewall"}, {"type": "tuning"}]
    configuration = {"cniVersion": "0.4.0", "name": directory.name, "plugins": plugins}
    (networks / "network.conflist").write_text(json.dumps(configuration))
    containers: dict[str, dict[str, Any]] = {
        "containers": {"default_ulimits": LIMITS},
        "engine": {
            # crun does not take every layout of control groups.
            "runtime": "runc",
            "cgroup_manager": "cgroupfs",
            "events_logger": "file",
            "tmp_dir": str(directory / "tmp"),
            "volume_path": str(directory / "volumes"),
            # The other kind is shared by all that root runs.
            "lock_type": "file",
        },
        "network": {
            "network_backend": "cni",
            "network_config_dir": str(networks),
            "default_network": directory.name,
        },
    }
    (directory / "containers.conf").write_text(_toml(containers))
    registries = [{"location": name, "insecure": True} for name in ("localhost", "127.0.0.1")]
    lines = "".join(_toml({"[registry]": registry}) for registry in registries)
    (directory / "registries.conf").write_text(lines)
    storage = {
        "driver": "overlay",
        "graphroot": str(directory / "data"),
        "runroot": str(directory / "run"),
    }
    (directory / "storage.conf").write_text(_toml({"storage": storage}))
    return {
        "CONTAINERS_CONF": str(directory / "containers.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(directory / "registries.conf"),
        "CONTAINERS_STORAGE_CONF": str(directory / "storage.conf"),
    }


def _toml(tables: dict[str, dict[str, Any]]) -> str:
    # Strings, booleans and lists of strings are the same in JSON.
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        for name, table in tables.items()
    )


def _new_directory(engine: str) -> Path:
    """The name of a folder for an engine; its last word is in the names of all else too."""
    if os.geteuid():
        raise MissingPartError("container engines need root")
    # Short: the path of a socket has room for 107 characters.
    return Path(tempfile.gettempdir()) / f"{engine}-{secrets.token_hex(4)}"

"""A bridge and a subnet for an engine; engine_cleanup.py takes them away."""

from __future__ import annotations

import ipaddress
import re
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.parts import program


@dataclass(frozen=True, kw_only=True)
class Network:
    """A name for a bridge of the host, and the addresses behind it."""

    bridge: str
    subnet: str
    gateway: str


def private_network(bridge: str) -> Network:
    """A bridge of this name, yet to be made, and a subnet that nothing here uses."""
    subnet = _free_subnet()
    return Network(bridge=bridge, subnet=str(subnet), gateway=str(subnet[1]))


def make_bridge(network: Network) -> None:
    """Makes the bridge and opens its way to the outside."""
    bridge = network.bridge
    _run("ip", "link", "add", "name", bridge, "type", "bridge")
    _run("ip", "address", "add", f"{network.gateway}/24", "dev", bridge)
    _run("ip", "link", "set", bridge, "up")
    _rule("filter", "-I", "FORWARD", "-i", bridge, "-j", "ACCEPT")
    _rule("filter", "-I", "FORWARD", "-o", bridge, "-j", "ACCEPT")
    outside = ("-s", network.subnet, "!", "-o", bridge)
    _rule("nat", "-I", "POSTROUTING", *outside, "-j", "MASQUERADE")


def _free_subnet() -> ipaddress.IPv4Network:
    used = re.findall(r"[\d.]+/\d+", _run("ip", "-4", "route") + _run("ip", "-4", "address"))
    taken = [ipaddress.IPv4Network(each, strict=False) for each in used]
    while True:
        third, second = secrets.randbelow(256), 200 + secrets.randbelow(50)
        subnet = ipaddress.IPv4Network(f"10.{second}.{third}.0/24")
        if not any(subnet.overlaps(each) for each in taken):
            return subnet


def _rule(table: str, *arguments: str) -> None:
    _run("iptables", "--wait", "--table", table, *arguments)


def _run(name: str, *arguments: str) -> str:
    command: list[str | Path] = [program(name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout

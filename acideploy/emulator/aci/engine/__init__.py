"""Containers of Docker or Podman, by the Docker Engine API."""

from acideploy.emulator.aci.engine.engine import Engine
from acideploy.emulator.aci.engine.find import Found, find_engine

__all__ = ["Engine", "Found", "find_engine"]

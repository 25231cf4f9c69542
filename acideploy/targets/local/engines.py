"""The container engines of this machine, each connected to when it is first needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from acideploy.errors import EngineError
from acideploy.targets.local.endpoint import Endpoint, endpoints, is_on_this_machine
from acideploy.targets.local.engine import Engine, docker_context, open_engine

_NO_ENGINE = (
    "start one (`systemctl start docker`, or `systemctl --user start podman.socket`), "
    "or serve without a container: `--runtime process`"
)
_NO_RIGHT = (
    "let yourself use it (`sudo usermod -aG docker $USER`, and log in again), "
    "or serve without a container: `--runtime process`"
)


class Engines:
    """`variables` is the environment, which may say where an engine listens."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._connected: dict[str, Engine] = {}

    def find(self) -> Engine:
        """The one to run new containers with. Raises EngineError where none answers."""
        engine = connect(
            endpoints(self._variables, context=docker_context()), variables=self._variables
        )
        return self._connected.setdefault(engine.address, engine)

    def at(self, address: str) -> Engine:
        """The one that a revision was given to. Raises EngineError where it does not answer."""
        if address not in self._connected:
            place = Endpoint(address=address, source="")
            self._connected[address] = connect([place], variables=self._variables)
        return self._connected[address]

    def connected(self) -> tuple[Engine, ...]:
        """Those that have been used so far."""
        return tuple(self._connected.values())


def connect(places: Sequence[Endpoint], *, variables: Mapping[str, str]) -> Engine:
    """The first engine that answers. Raises EngineError where none does, or it is elsewhere."""
    tried = []
    for place in places:
        if not is_on_this_machine(place.address):
            raise EngineError(
                f"the container engine at {place} is on another machine, "
                "and a local service runs on this one",
                hint="name one here, or serve without a container: `--runtime process`",
            )
        try:
            return open_engine(place.address, variables=variables)
        except EngineError as error:
            tried.append(f"{place}: {error.message}")
    told = "; ".join(tried)
    hint = _NO_RIGHT if "permission denied" in told else _NO_ENGINE
    raise EngineError(f"no container engine answers; tried {told}", hint=hint)

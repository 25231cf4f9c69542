"""One blob to a registry that is far away: acideploy beside the SDK's own upload.

Run as a program it makes one upload, in a process that shares nothing with the proxy, and prints
its seconds: `python -m tests.bench.bench_uploads acideploy|sdk HOST REPOSITORY FILE`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import Row, compared, missing, random_file, seconds_of
from tests.parts import MissingPartError
from tests.parts.acr import ENTRA_TOKEN, RunningAcr, acr
from tests.parts.process import StartError
from tests.parts.registry import registry

MEGABYTES = 40
DELAY = 0.03
RUNS = 3


def uploads(folder: Path) -> Iterator[Row]:
    """Azure's registry as the tests have it, tokens and all, with 30 ms for every request."""
    what = f"upload of {MEGABYTES} MB, {DELAY * 1e3:.0f} ms a request, best of {RUNS}"
    file = random_file(folder / "blob.bin", MEGABYTES)
    try:
        with registry(directory=folder / "uploads") as kept, acr(kept) as azure:
            azure.proxy.delay = DELAY
            ours, sdk = _best(azure, "acideploy", file), _best(azure, "sdk", file)
    except (MissingPartError, StartError) as error:
        yield missing(what, error)
        return
    name = f"azure-containerregistry's upload_blob, {sdk.requests} requests"
    yield compared(f"{what} ({ours.requests} requests)", ours.seconds, name, sdk.seconds)


@dataclass(frozen=True)
class _Upload:
    seconds: float
    requests: int


def _best(azure: RunningAcr, client: str, file: Path) -> _Upload:
    """Each run into a repository that has nothing yet."""
    runs = []
    for run in range(RUNS):
        azure.traffic.clear()
        arguments = (client, azure.host, f"{client}-{run}", str(file))
        command = (sys.executable, "-m", "tests.bench.bench_uploads", *arguments)
        env = {**os.environ, "REQUESTS_CA_BUNDLE": str(azure.ca)}
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
        runs.append(_Upload(float(done.stdout), len(azure.traffic)))
    return min(runs, key=lambda each: each.seconds)


def _with_acideploy(host: str, repository: str, file: Path) -> Callable[[], object]:
    from acideploy.clock import SystemClock
    from acideploy.image.compression import Packing
    from acideploy.registry.acr import AcrRegistry
    from acideploy.registry.authentication import Entra

    kept = AcrRegistry(host, login=lambda: Entra(token=lambda: ENTRA_TOKEN), clock=SystemClock())

    def upload() -> None:
        # The digest is part of the work, as it is for the SDK.
        blob = Packing(lambda: _chunks(file), "none", size=file.stat().st_size)
        kept.push_new(repository, blob, title="blob", advance=lambda count: None)

    return upload


def _with_sdk(host: str, repository: str, file: Path) -> Callable[[], object]:
    from azure.containerregistry import ContainerRegistryClient
    from azure.core.credentials import AccessToken

    class Credential:
        def get_token(self, *scopes: str, **options: object) -> AccessToken:
            return AccessToken(ENTRA_TOKEN, int(time.time()) + 3600)

    audience = "https://containerregistry.azure.net"
    client = ContainerRegistryClient(f"https://{host}", Credential(), audience=audience)

    def upload() -> None:
        with file.open("rb") as stream:
            client.upload_blob(repository, stream)

    return upload


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            yield chunk


if __name__ == "__main__":
    _client, _host, _repository, _file = sys.argv[1:]
    _with = {"acideploy": _with_acideploy, "sdk": _with_sdk}[_client]
    print(seconds_of(_with(_host, _repository, Path(_file))))

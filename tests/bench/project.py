"""A project as users have it, and the acideploy commands that make its image in a registry."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.timeline import Timeline, timeline

ACIDEPLOY = str(Path(sys.executable).parent / "acideploy")
BASE = "base/python"
SCRIPT = """\
import json
def init(): pass
def run(data): return {"sum": sum(json.loads(data)["data"])}
"""


@dataclass(frozen=True, kw_only=True)
class Project:
    """The project in `folder`, whose models and images, and base image, are at `host`.

    Commands run without any network but to there, unless it is `online`: uv takes wheels from its
    cache. `channels` are conda's; without any the base image has the interpreter, as it has for the
    builders beside it. `caches` is where packages are kept, if not where they are otherwise.
    """

    folder: Path
    host: str
    ca: Path
    online: bool = False
    channels: str | None = None
    caches: Path | None = None

    def write(self, *, conda: Sequence[str] = (), pip: Sequence[str] = ()) -> None:
        """Makes the files. `conda` and `pip` are installed beside the serving stack."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "score.py").write_text(SCRIPT)
        dependencies = ["python=3.11", *conda, *([{"pip": list(pip)}] if pip else [])]
        environment = {
            "docker": {"baseImage": f"{self.host}/{BASE}:latest"},
            "python": {"condaDependencies": {"dependencies": dependencies}},
        }
        config = {"entryScript": "score.py", "environment": environment}
        (self.folder / "inferenceconfig.json").write_text(json.dumps(config))

    def change(self) -> None:
        """Adds a line to the script."""
        with (self.folder / "score.py").open("a") as file:
            file.write("# another line\n")

    def register(self, name: str, path: Path) -> Timeline:
        return self._run("register", "-n", name, "-p", str(path))

    def package(self, image: str, *models: str) -> Timeline:
        name, _, label = image.partition(":")
        listed = [argument for model in models for argument in ("-m", model)]
        config = ("-ic", "inferenceconfig.json")
        return self._run("package", *listed, *config, "--image-name", name, "--il", label)

    def _run(self, *arguments: str) -> Timeline:
        command = (ACIDEPLOY, "model", *arguments, "--registry", self.host)
        env = {
            **os.environ,
            "ACIDEPLOY_HOME": str(self.folder.parent / "home"),
            "CI": "true",
            "REQUESTS_CA_BUNDLE": str(self.ca),
            **({} if self.online else {"UV_OFFLINE": "1"}),
            **({"CONDA_CHANNELS": self.channels} if self.channels else {"ACIDEPLOY_NO_CONDA": "1"}),
            **self._places(),
        }
        return timeline(command, env=env, cwd=self.folder)

    def _places(self) -> dict[str, str]:
        if self.caches is None:
            return {}
        return {
            "UV_CACHE_DIR": str(self.caches / "uv"),
            "RATTLER_CACHE_DIR": str(self.caches / "conda"),
        }

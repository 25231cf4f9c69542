"""A folder of wheels, which is all that the packages of a conda file are looked for in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement

from acideploy.environment.channels import CondaSettings
from acideploy.environment_upgrade import Upgraded, UpgradeRequest, upgrade_environment
from acideploy.events import Event
from acideploy.serving import requirements, supported_pythons
from tests.tiny import wheel


class Shelf:
    """`events` are those of the last upgrade. Channels are looked for in `channel`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Event] = []
        self.channel = folder / "channel"
        for python in supported_pythons():
            for pin in requirements(python).requirements:
                wanted = Requirement(pin)
                [clause] = wanted.specifier
                self.put(wanted.name.replace("-", "_"), clause.version)

    def put(self, name: str, *versions: str, needs: Sequence[str] = (), python: str = "") -> None:
        """Wheels for one Python (`cp38`), or for any."""
        tag = f"{python}-{python}-manylinux2014_x86_64" if python else "py3-none-any"
        for version in versions:
            wheel(self.folder, name=name, version=version, needs=needs, tag=tag)

    def conda_file(self, *pip: str, conda: Sequence[str] = ("python=3.8",)) -> Path:
        path = self.folder / "conda.yml"
        options = (f"--find-links {self.folder}", "--no-index")
        lines = [
            "channels: [nodefaults, " + self.channel.as_uri() + "]",
            "dependencies:",
            *(f"  - {each}" for each in conda),
            "  - pip:",
            *(f"    - {each}" for each in (*options, *pip)),
        ]
        path.write_text("\n".join(lines) + "\n")
        return path

    def upgrade(
        self, *, python: str | None = None, no_conda: bool = False, output: Path | None = None
    ) -> Upgraded:
        self.events = []
        return upgrade_environment(
            UpgradeRequest(
                conda_file=Path("conda.yml"), python=python, no_conda=no_conda, output=output
            ),
            directory=self.folder,
            settings=CondaSettings(),
            emit=self.events.append,
        )

    def changes(self, *pip: str, python: str | None = None) -> dict[str, tuple[str, str]]:
        """What each line that changes becomes, and why."""
        self.conda_file(*pip)
        found = self.upgrade(python=python, no_conda=True)
        return {each.requirement.text: (each.after, each.reason) for each in found.changes}

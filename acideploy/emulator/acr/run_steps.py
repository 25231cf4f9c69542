"""The steps of a run, one after another."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path
from typing import IO

from acideploy.emulator.acr.engine import BuildEngine, StepError
from acideploy.emulator.acr.run_log import RunLog
from acideploy.emulator.acr.steps import Build, Command, Push, Step


class RunSteps:
    """Performs steps with an engine, in the thread of the run. `remote` is a source's address."""

    def __init__(
        self, engine: BuildEngine, log: RunLog, workspace: Path, remote: str | None
    ) -> None:
        self._engine = engine
        self._log = log
        self._workspace = workspace
        self._remote = remote

    def perform(self, steps: tuple[Step, ...]) -> None:
        """Raises StepError at the first step that fails and may not."""
        took: dict[str, float] = {}
        for step in steps:
            self._log.line(
                f"Executing step ID: {step.id}. Timeout(sec): {step.timeout}, Working directory: "
                f"'{self._directory(step)}', Network: ''"
            )
            began = self._log.now()
            self._step(step)
            took[step.id] = (self._log.now() - began).total_seconds()
        for identifier, seconds in took.items():
            self._log.line(
                f"Step ID: {identifier} marked as successful "
                f"(elapsed time in seconds: {seconds:.6f})"
            )

    def _directory(self, step: Step) -> str:
        if not isinstance(step, Command):
            return ""
        return step.working_directory.removeprefix("/workspace").lstrip("/")

    def _step(self, step: Step) -> None:
        if isinstance(step, Build):
            self._log.line(f"Launching container with name: {step.id}")
            self._build(step)
            self._log.line(f"Successfully executed container: {step.id}")
        elif isinstance(step, Push):
            for image in step.images:
                self._log.line(f"Pushing image: {image}, attempt 1")
                self._engine.push(image, say=self._log.say)
                self._log.line(f"Successfully pushed image: {image}")
        else:
            self._log.line(f"Launching container with name: {step.id}")
            code = self._engine.run(step, self._workspace, say=self._log.say)
            if code and not step.ignore_errors:
                raise StepError(
                    f'failed to run step ID: {step.id}: failed to run container "{step.id}": '
                    f"exit status {code}"
                )
            self._log.line(f"Successfully executed container: {step.id}")

    def _build(self, step: Build) -> None:
        if self._remote:
            self._engine.build(step, None, remote=self._remote, say=self._log.say)
            return
        folder = (self._workspace / step.context).resolve()
        if not folder.is_relative_to(self._workspace.resolve()) or not folder.is_dir():
            raise StepError(f"unable to prepare context: path {step.context!r} not found")
        with tempfile.TemporaryFile() as archive:
            _pack(folder, archive)
            archive.seek(0)
            self._engine.build(step, archive, remote=None, say=self._log.say)


def _pack(folder: Path, file: IO[bytes]) -> None:
    with tarfile.open(fileobj=file, mode="w") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, arcname=path.name)

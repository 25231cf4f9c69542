"""Names that scripts import from azureml-core without need, and that say so when they are used."""

from __future__ import annotations

from typing import Any, NoReturn


class Absent:
    """Can be imported, passed on and used in annotations; anything else raises RuntimeError."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return "<{} of azureml-core, absent>".format(self._name)

    def __call__(self, *arguments: Any, **options: Any) -> NoReturn:
        raise self.error()

    def __getattr__(self, attribute: str) -> NoReturn:
        if attribute.startswith("__"):  # asked by typing, copy, inspect and the like
            raise AttributeError(attribute)
        raise self.error()

    def error(self) -> RuntimeError:
        return RuntimeError(
            "{} needs azureml-core, which acideploy replaces by a small stand-in: deploy with "
            "--full-azureml to keep azureml-core, or remove its use".format(self._name)
        )

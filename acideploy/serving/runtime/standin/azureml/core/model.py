"""`Model.get_model_path`, which finds the files of a model in a service."""

from __future__ import annotations

import os
from typing import Any, NoReturn

from azureml.core._absent import Absent
from azureml.exceptions import ModelNotFoundException, WebserviceException

MODELS_DIR = os.path.join(os.environ.get("AML_APP_ROOT", ""), "azureml-models")

InferenceConfig = Absent("azureml.core.model.InferenceConfig")


class _ModelType(type):
    """Says what to do when a script asks the class for more than it has."""

    def __call__(cls, *arguments: Any, **options: Any) -> NoReturn:
        raise Absent("azureml.core.model.Model").error()

    def __getattr__(cls, attribute: str) -> NoReturn:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        raise Absent("azureml.core.model.Model." + attribute).error()


class Model(metaclass=_ModelType):
    """A registered model. Only the lookup of its files is here."""

    @staticmethod
    def get_model_path(
        model_name: str, version: int | None = None, _workspace: object = None
    ) -> str:
        """The path of the model's file or folder: `<app root>/azureml-models/<name>/<version>/...`,
        of the newest version unless one is given, or else `./<name>`.

        Raises ModelNotFoundException where there is neither. As in azureml-core.
        """
        if version is not None and not isinstance(version, int):
            raise WebserviceException("version should be an int")
        if model_name is None:
            raise WebserviceException("model_name is None")
        try:
            return _find(model_name, version)
        except ModelNotFoundException as error:
            if version is None:
                raise
            raise WebserviceException(error.message) from None


def _find(name: str, version: int | None) -> str:
    versions = os.path.join(MODELS_DIR, name)
    if os.path.exists(versions):
        folder = os.path.join(versions, str(_newest(versions) if version is None else version))
        if os.path.exists(folder):
            return _only_entry(folder)
    if os.path.exists(name):
        return name
    raise ModelNotFoundException(
        "Model {} not found in cache at {} or in current working directory {}. "
        "For more info, set logging level to DEBUG.".format(name, MODELS_DIR, os.getcwd())
    )


def _newest(folder: str) -> int:
    versions = [int(entry) for entry in os.listdir(folder)]
    if not versions:
        raise WebserviceException("versions is empty")
    return max(versions)


def _only_entry(folder: str) -> str:
    entries = os.listdir(folder)
    if len(entries) != 1:
        raise WebserviceException(
            "Dir {} can contain only 1 file or folder. Found {}".format(folder, entries)
        )
    return os.path.join(folder, entries[0])

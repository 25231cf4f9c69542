"""The user's files and flags, read and checked: every problem at once, with its place."""

from __future__ import annotations

from acideploy.config.checked import Checked, require
from acideploy.config.deployment import read_deployment_config
from acideploy.config.inference import read_inference_config
from acideploy.config.metadata import ModelMetadata, read_model_metadata
from acideploy.config.service_name import check_service_name

__all__ = [
    "Checked",
    "ModelMetadata",
    "check_service_name",
    "read_deployment_config",
    "read_inference_config",
    "read_model_metadata",
    "require",
]

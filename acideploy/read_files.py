"""The two configuration files that a request names, with the flags that override them."""

from __future__ import annotations

from pathlib import Path

from acideploy.config import Checked, read_deployment_config, read_inference_config
from acideploy.config.values import DeploymentConfig, InferenceConfig
from acideploy.request import ConfigurationFiles


def read_inference(files: ConfigurationFiles, directory: Path) -> Checked[InferenceConfig]:
    return read_inference_config(
        files.inference_config,
        overrides=files.inference_overrides,
        cwd=directory,
        environment_directory=files.environment_directory,
    )


def read_deployment(files: ConfigurationFiles, directory: Path) -> Checked[DeploymentConfig]:
    return read_deployment_config(
        files.deployment_config, overrides=files.deployment_overrides, cwd=directory
    )

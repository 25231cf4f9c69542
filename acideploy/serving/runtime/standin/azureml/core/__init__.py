"""The part of azureml-core that entry scripts use in a service."""

from __future__ import annotations

from azureml.core._absent import Absent
from azureml.core.model import Model
from azureml.core.run import Run
from azureml.core.webservice import Webservice
from azureml.core.workspace import Workspace

__all__ = ["Dataset", "Datastore", "Environment", "Experiment", "Model", "Run", "Webservice"]
__all__ += ["Workspace"]

VERSION = __version__ = "0.0.0+acideploy"

Dataset = Absent("azureml.core.Dataset")
Datastore = Absent("azureml.core.Datastore")
Environment = Absent("azureml.core.Environment")
Experiment = Absent("azureml.core.Experiment")

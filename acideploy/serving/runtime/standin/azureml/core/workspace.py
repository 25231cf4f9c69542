from azureml.core._absent import Absent

Workspace = Absent("azureml.core.workspace.Workspace")

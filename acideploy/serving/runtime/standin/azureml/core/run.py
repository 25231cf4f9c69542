from azureml.core._absent import Absent

Run = Absent("azureml.core.run.Run")

from azureml.core._absent import Absent

Webservice = Absent("azureml.core.webservice.Webservice")
AciWebservice = Absent("azureml.core.webservice.AciWebservice")
AksWebservice = Absent("azureml.core.webservice.AksWebservice")

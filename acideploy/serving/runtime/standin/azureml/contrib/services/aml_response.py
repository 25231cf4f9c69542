"""The module of azureml-contrib-services, which moved to the scoring package."""

from azureml_inference_server_http.api.aml_response import AMLResponse

__all__ = ["AMLResponse"]

"""The module of azureml-contrib-services, which moved to the scoring package."""

from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp

__all__ = ["AMLRequest", "rawhttp"]

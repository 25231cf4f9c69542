"""The exceptions of azureml-core that `Model.get_model_path` raises, and their base."""

from __future__ import annotations


class AzureMLException(Exception):
    def __init__(self, exception_message: str, inner_exception: object = None) -> None:
        super().__init__(exception_message)
        self.message = exception_message
        self.inner_exception = inner_exception


class UserErrorException(AzureMLException):
    pass


class WebserviceException(AzureMLException):
    pass


class ModelNotFoundException(AzureMLException):
    pass

"""Application Insights for a service that does not use it.

The package's client imports the clients of Azure and of OpenTelemetry even then: most of what the
server reads before it can answer, and seconds of the little processor that a container has.
"""

from __future__ import annotations

import sys
import types
from typing import Any

_CLIENT = "azureml_inference_server_http.server.appinsights_client"


class NoInsights:
    """What the package's `AppInsightsClient` is when it is not enabled: nothing is sent."""

    enabled = False

    def log_request(self, *arguments: Any, **named: Any) -> None: ...

    def send_exception_log(self, *arguments: Any, **named: Any) -> None: ...

    def send_model_data_log(self, *arguments: Any, **named: Any) -> None: ...

    def wait_for_upload(self) -> None: ...

    def close(self) -> None: ...


def leave_out_insights() -> None:
    """Keeps the client from being imported: the package finds this one in its place."""
    module: Any = types.ModuleType(_CLIENT)
    module.AppInsightsClient = NoInsights
    sys.modules[_CLIENT] = module

"""What it means that Azure refuses to make or change a container group: by the code it gives."""

from __future__ import annotations

import re

from acideploy.errors import AcideployError, AzureError
from acideploy.targets.aci.answer import Put
from acideploy.targets.aci.meanings import meaning

# What stands in double quotes is a value, and may be a secret: keys and paths are in single ones.
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"')
# Its names are in double quotes.
_POLICY = "RequestDisallowedByPolicy"


def refused(
    error: AzureError, *, service: str, location: str, cpu: float, memory: float
) -> AcideployError:
    """The same refusal in the user's terms; an error without a code as it is.

    `cpu` in cores and `memory` in GB are what was asked for. Azure's own words are the detail.
    """
    if error.code is None:
        return error
    put = Put(
        service=service,
        location=location,
        cpu=cpu,
        memory=memory,
        code=error.code,
        status=error.status,
        said=error.message if error.code == _POLICY else _VALUE.sub('"..."', error.message),
        hint=error.hint,
    )
    found = meaning(put)
    message = f"service {service} cannot be deployed: {found.cause}"
    detail = f"Azure answered {error.code}: {put.said}"
    if found.kind is not AzureError:
        return found.kind(message, hint=found.hint, detail=detail)
    return AzureError(
        message,
        hint=found.hint,
        detail=detail,
        status=error.status,
        code=error.code,
        temporary=error.temporary or found.temporary,
        retry_after=error.retry_after,
    )

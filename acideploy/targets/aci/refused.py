"""What it means that Azure refuses to make or change a container group: by the code it gives."""

from __future__ import annotations

import re

from acideploy.errors import AcideployError, AzureError
from acideploy.targets.aci.answer import Put
from acideploy.targets.aci.meanings import meaning

# What stands in double quotes, or before a path, is a value and may be a secret: names are in
# single quotes. `Could not convert string to number: hunter2. Path 'properties.volumes', line 1`.
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"')
_BEFORE_PATH = re.compile(r"(?<=: ).+?(?=\. Path ')", re.DOTALL)


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
        said=_without_values(error.message, error.code),
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


def _without_values(said: str, code: str) -> str:
    # The name of a policy is in double quotes, too.
    if code != "RequestDisallowedByPolicy":
        said = _BEFORE_PATH.sub("...", _VALUE.sub('"..."', said))
    return said.strip()

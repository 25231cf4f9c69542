"""What it means that Azure refuses to make or change a container group: by the code it gives."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from acideploy.errors import AcideployError, AzureError
from acideploy.targets.aci.answer import Put
from acideploy.targets.aci.meanings import meaning

# What stands in double quotes, or before a path, is a value and may be a secret: names are in
# single quotes. `Could not convert string to number: hunter2. Path 'properties.volumes', line 1`.
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"')
_BEFORE_PATH = re.compile(r"(?<=: ).+?(?=\. Path ')", re.DOTALL)


def refused(
    error: AzureError,
    *,
    service: str,
    location: str,
    cpu: float,
    memory: float,
    secrets: Sequence[str] = (),
) -> AcideployError:
    """The same refusal in the user's terms; an error without a code as it is.

    `cpu` in cores and `memory` in GB are what was asked for, `secrets` the values in that which
    nobody is to read. Azure's own words are the detail.
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
        said=_without_values(_without(secrets, error.message), error.code),
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


def secrets_in(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Every secret value that a PUT of the group says."""
    properties = body["properties"]
    variables = [
        each["secureValue"]
        for container in properties["containers"]
        for each in container["properties"].get("environmentVariables", ())
        if "secureValue" in each
    ]
    logins = [each.get("password") for each in properties.get("imageRegistryCredentials", ())]
    files = [text for each in properties.get("volumes", ()) for text in each["secret"].values()]
    return tuple(each for each in (*variables, *logins, *files) if each)


def _without(secrets: Sequence[str], said: str) -> str:
    # The longest first: one may be part of another.
    for secret in sorted(secrets, key=len, reverse=True):
        said = said.replace(secret, "...")
    return said


def _without_values(said: str, code: str) -> str:
    # The name of a policy is in double quotes, too.
    if code != "RequestDisallowedByPolicy":
        said = _BEFORE_PATH.sub("...", _VALUE.sub('"..."', said))
    return said.strip()

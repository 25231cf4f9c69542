"""What of a revision is secret, kept for whoever deploys it again and given back whole or not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from acideploy.errors import StorageError
from acideploy.targets.aci.group import Confidential
from acideploy.targets.aci.keys import kept_keys
from acideploy.targets.aci.record import Revision
from acideploy.targets.aci.secrets import Secrets, revision_name


def keep(secrets: Secrets, group: str, number: int, confidential: Confidential) -> None:
    """Keeps what a revision has of secrets, for rollbacks; its keys are the service's."""
    values = {}
    if confidential.variables:
        values["variables"] = json.dumps(dict(confidential.variables))
    if confidential.certificate_key:
        values["certificateKey"] = confidential.certificate_key
    if values:
        secrets.put(revision_name(group, number), values)


def kept(secrets: Secrets, group: str, revision: Revision) -> Confidential:
    """All secrets of a revision. Raises StorageError that names those that are gone."""
    name = revision_name(group, revision.number)
    values = secrets.get(name)
    variables = _variables(values)
    missing = [each for each in _secret_variables(revision) if each not in variables]
    if revision.ssl_enabled and not values.get("certificateKey"):
        missing.append("the TLS key")
    if missing:
        raise StorageError(
            f"revision {revision.number} of service {revision.service} cannot be deployed again: "
            f"{', '.join(missing)} is no longer in {secrets.where}",
            hint=f"{secrets.recovery(name)}; or deploy it with them: acideploy model deploy "
            f"-n {revision.service} -ic INFERENCE_CONFIG -dc DEPLOYMENT_CONFIG --overwrite",
        )
    return Confidential(
        keys=kept_keys(secrets, group) if revision.auth_enabled else None,
        variables=variables,
        certificate=revision.certificate,
        certificate_key=values.get("certificateKey"),
    )


def differs(secrets: Secrets, group: str, number: int, wanted: Confidential) -> bool:
    """Whether a revision has other secret variables, or another TLS key, than those.

    Where nothing is kept of it, nobody can tell: it counts as other. Nothing is asked where
    nothing is secret.
    """
    if not wanted.variables and not wanted.certificate_key:
        return False
    values = secrets.get(revision_name(group, number))
    variables = _variables(values)
    return wanted.certificate_key != values.get("certificateKey") or any(
        variables.get(name) != value for name, value in wanted.variables.items()
    )


def _variables(values: Mapping[str, str]) -> dict[str, str]:
    try:
        return dict(json.loads(values.get("variables", "{}")))
    except (ValueError, TypeError):
        # Somebody has written something else there.
        return {}


def _secret_variables(revision: Revision) -> Iterator[str]:
    for container in revision.group["properties"]["containers"]:
        for variable in container["properties"].get("environmentVariables", ()):
            if "secureValue" in variable:
                yield str(variable["name"])

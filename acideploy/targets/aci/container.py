"""The one container of a service's group: the image, its size, its variables and its probes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from acideploy.image.contents import PACKAGES
from acideploy.plan import Wanted

# Secret files, and where they are in the container.
KEYS_FILE, CERTIFICATE_FILE, KEY_FILE = "keys.json", "certificate.pem", "key.pem"
VOLUME, _SECRETS = "acideploy", "/mnt/acideploy"

# What the retired service gave where nothing was asked for.
DEFAULT_CPU, DEFAULT_MEMORY_IN_GB = 0.1, 0.5


class Size(NamedTuple):
    """In cores and GiB."""

    cpu: float
    memory_in_gb: float


def size_of(wanted: Wanted) -> Size:
    """What is asked for, else what the retired service gave."""
    assert wanted.aci is not None
    return Size(wanted.aci.cpu or DEFAULT_CPU, wanted.aci.memory_in_gb or DEFAULT_MEMORY_IN_GB)


def port_of(wanted: Wanted) -> int:
    """Azure maps no ports: the server listens where its URL says."""
    return 443 if wanted.serving.ssl_enabled else 80


def scoring_container(
    wanted: Wanted,
    image: str,
    *,
    number: int,
    variables: Mapping[str, str],
    secret_variables: Mapping[str, str],
    secret_files: Collection[str],
) -> dict[str, Any]:
    """Its properties, in the body of a PUT. `number` is that of the revision.

    `variables` and `secret_variables` are the user's, `secret_files` the names of the files that
    are mounted.
    """
    size, port = size_of(wanted), port_of(wanted)
    plain = {**_given(variables), **_own(wanted, number, secret_files)}
    container: dict[str, Any] = {
        "image": image,
        "ports": [{"port": port, "protocol": "TCP"}],
        "environmentVariables": [
            *({"name": name, "value": value} for name, value in plain.items()),
            *({"name": name, "secureValue": value} for name, value in secret_variables.items()),
        ],
        "resources": {"requests": {"cpu": size.cpu, "memoryInGB": size.memory_in_gb}},
        **_probes(port, "https" if wanted.serving.ssl_enabled else "http"),
    }
    if secret_files:
        container["volumeMounts"] = [{"name": VOLUME, "mountPath": _SECRETS, "readOnly": True}]
    return container


def _given(variables: Mapping[str, str]) -> dict[str, str]:
    given = dict(variables)
    if path := given.get("PYTHONPATH"):
        # The packages of the image come first: they are found by this variable, too.
        given["PYTHONPATH"] = f"{PACKAGES}:{path}"
    return given


def _own(wanted: Wanted, number: int, secret_files: Collection[str]) -> dict[str, str]:
    assert wanted.aci is not None
    own = {
        "ACIDEPLOY_PORT": str(port_of(wanted)),
        "ACIDEPLOY_REVISION": str(number),
        "SERVICE_NAME": wanted.name,
        "AML_APP_INSIGHTS_ENABLED": str(bool(wanted.serving.app_insights_enabled)).lower(),
    }
    if KEYS_FILE in secret_files:
        own["ACIDEPLOY_KEYS_FILE"] = f"{_SECRETS}/{KEYS_FILE}"
    if CERTIFICATE_FILE in secret_files:
        own["ACIDEPLOY_TLS_CERTIFICATE"] = f"{_SECRETS}/{CERTIFICATE_FILE}"
        own["ACIDEPLOY_TLS_KEY"] = f"{_SECRETS}/{KEY_FILE}"
    if wanted.aci.collect_model_data:
        own["AML_MODEL_DC_STORAGE_ENABLED"] = "true"
    return own


def _probes(port: int, scheme: str) -> dict[str, Any]:
    asked = {"httpGet": {"path": "/", "port": port, "scheme": scheme}}
    return {
        # `init()` may take its time: only what has served and stopped serving is started again.
        "livenessProbe": {
            **asked,
            "initialDelaySeconds": 600,
            "periodSeconds": 30,
            "failureThreshold": 5,
            "timeoutSeconds": 10,
        },
        "readinessProbe": {
            **asked,
            "periodSeconds": 10,
            "failureThreshold": 3,
            "timeoutSeconds": 5,
        },
    }

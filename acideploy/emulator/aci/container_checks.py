"""What the service checks of each container and volume of a group."""

from __future__ import annotations

import base64
import binascii
import re

from acideploy.emulator.aci.refusals import refuse
from acideploy.emulator.store import Document

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_]{0,61}[A-Za-z0-9])?")
_VOLUME = re.compile(r"(?!.*--)[a-z0-9][-a-z0-9]{3,61}[a-z0-9]")
_VOLUMES_MOST = 20
_VOLUME_KINDS = ("azureFile", "emptyDir", "secret", "gitRepo")


def check_container(
    container: Document, properties: Document, group: str, *, is_init: bool = False
) -> None:
    name, asked = container["name"], container["properties"]
    where = f"container '{name}' in container group '{group}'"
    if not _NAME.fullmatch(name):
        raise refuse(
            "InvalidContainerName",
            f"The container name '{name}' in container group '{group}' is invalid. It can contain "
            "only lowercase letters, numbers and hyphens. The first and the last character must be "
            "a letter or number. The value must be between 1 and 63 characters long.",
        )
    if not asked.get("image", "").strip():
        raise refuse("InvalidImage", f"The image of {where} is missing.")
    if not is_init:
        _check_resources(asked.get("resources", {}), where)
    _check_variables(asked.get("environmentVariables", []), where)
    _check_mounts(asked.get("volumeMounts", []), properties, where)
    for probe in ("livenessProbe", "readinessProbe"):
        if probe in asked:
            _check_probe(asked[probe], probe, where)


def _check_resources(resources: Document, where: str) -> None:
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    if not requests:
        raise refuse(
            "ResourceRequestsNotSpecified", f"The resource requests are not specified for {where}."
        )
    for amount in ("cpu", "memoryInGB"):
        if amount not in requests:
            raise refuse(
                "ResourceSomeRequestsNotSpecified",
                f"The resource request '{amount}' is not specified for {where}.",
            )
        if requests[amount] <= 0:
            raise refuse(
                "InvalidResourceRequest",
                f"The resource request '{amount}' of {where} must be greater than 0.",
            )
        if limits.get(amount, requests[amount]) < requests[amount]:
            raise refuse(
                "InvalidResourceLimit",
                f"The resource limit '{amount}' of {where} is less than what it requests.",
            )


def _check_variables(variables: list[Document], where: str) -> None:
    seen = set()
    for variable in variables:
        name = variable.get("name", "")
        if not _VARIABLE.fullmatch(name):
            raise refuse(
                "InvalidEnvironmentVariableName",
                f"The environment variable name '{name}' in {where} is invalid. It can contain "
                "only letters, numbers and underscores, and cannot begin or end with an "
                "underscore. The value must be between 1 and 63 characters long.",
            )
        if name in seen:
            raise refuse(
                "DuplicateEnvironmentVariable",
                f"The environment variable '{name}' is set more than once in {where}.",
            )
        seen.add(name)
        if ("value" in variable) and ("secureValue" in variable):
            raise refuse(
                "InvalidEnvironmentVariable",
                f"The environment variable '{name}' in {where} has both a value and a secure one.",
            )


def _check_mounts(mounts: list[Document], properties: Document, where: str) -> None:
    volumes = {volume.get("name") for volume in properties.get("volumes", [])}
    paths = set()
    for mount in mounts:
        name, path = mount.get("name", ""), mount.get("mountPath", "")
        if name not in volumes:
            raise refuse(
                "VolumeNotFound",
                f"The volume '{name}' that is mounted in {where} is not found in the group.",
            )
        if not path.startswith("/") or ":" in path:
            raise refuse(
                "InvalidVolumeMountPath",
                f"The mount path '{path}' in {where} is invalid. It must be absolute and cannot "
                "contain a colon.",
            )
        if path.rstrip("/") in paths:
            raise refuse(
                "DuplicateVolumeMountPath",
                f"The mount path '{path}' is used more than once in {where}.",
            )
        paths.add(path.rstrip("/"))


def _check_probe(probe: Document, what: str, where: str) -> None:
    if ("exec" in probe) == ("httpGet" in probe):
        raise refuse("InvalidProbe", f"The {what} of {where} must have one of 'exec', 'httpGet'.")
    if "exec" in probe and not probe["exec"].get("command"):
        raise refuse("InvalidProbe", f"The command of the {what} of {where} is missing.")
    if "httpGet" in probe and not 1 <= probe["httpGet"].get("port", 0) <= 65535:
        raise refuse("InvalidProbe", f"The port of the {what} of {where} is invalid.")
    counts = ("periodSeconds", "failureThreshold", "successThreshold", "timeoutSeconds")
    if probe.get("initialDelaySeconds", 0) < 0 or any(probe.get(name, 1) < 1 for name in counts):
        raise refuse("InvalidProbe", f"The times of the {what} of {where} must be positive.")


def check_volumes(properties: Document, group: str) -> None:
    volumes = properties.get("volumes", [])
    if len(volumes) > _VOLUMES_MOST:
        raise refuse(
            "TooManyVolumes",
            f"The container group '{group}' has more than {_VOLUMES_MOST} volumes.",
        )
    seen = set()
    for volume in volumes:
        name = volume.get("name", "")
        where = f"The volume '{name}' in container group '{group}'"
        if not _VOLUME.fullmatch(name):
            raise refuse(
                "InvalidVolumeName",
                f"{where} is invalid. The name can contain only lowercase letters, numbers and "
                "single hyphens. The value must be between 5 and 63 characters long.",
            )
        if name in seen:
            raise refuse("DuplicateVolumeName", f"{where} is there more than once.")
        seen.add(name)
        if sum(kind in volume for kind in _VOLUME_KINDS) != 1:
            raise refuse("InvalidVolume", f"{where} must be one of '{','.join(_VOLUME_KINDS)}'.")
        for file, text in volume.get("secret", {}).items():
            _check_secret(file, text, where)


def _check_secret(file: str, text: str, where: str) -> None:
    if not file or "/" in file or file in (".", ".."):
        raise refuse("InvalidSecretVolume", f"{where} has a secret with an invalid name '{file}'.")
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refuse(
            "InvalidSecretVolume", f"{where} has a secret '{file}' that is not base64 encoded."
        ) from None

"""Which images the names of a request stand for: asked before the request is answered."""

from __future__ import annotations

from acideploy.emulator.aci.orders import (
    RegistryLogin,
    all_containers,
    credentials_for,
    registry_of,
)
from acideploy.emulator.aci.refusals import inaccessible_image, refuse, registry_error
from acideploy.emulator.aci.runtime import ImageError, Runtime
from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.store import Document


async def resolve_images(
    group: Document, name: str, runtime: Runtime, login: RegistryLogin
) -> dict[str, str]:
    """The digests of a group's images by their names. Raises ArmError for one that is not there."""
    digests: dict[str, str] = {}
    for container in all_containers(group):
        image = container["properties"]["image"]
        if image in digests:
            continue
        try:
            resolved = await runtime.resolve(image, credentials_for(group, image, login))
        except ImageError as error:
            raise image_error(image, name, inaccessible=error.inaccessible) from error
        digests[image] = resolved.digest
    return digests


def image_error(image: str, group: str, *, inaccessible: bool) -> ArmError:
    if inaccessible:
        return inaccessible_image(image, group)
    return registry_error(registry_of(image))


def image_error_by_rule(code: str, group: Document, name: str) -> ArmError:
    """What a rule that names an error code has the service say of a group's first image."""
    image = all_containers(group)[0]["properties"]["image"]
    if code in ("InaccessibleImage", "RegistryErrorResponse"):
        return image_error(image, name, inaccessible=code == "InaccessibleImage")
    return refuse(code, f"The image '{image}' in container group '{name}' cannot be used.")

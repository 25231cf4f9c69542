"""What the service checks of a group's logins at registries."""

from __future__ import annotations

from acideploy.emulator.aci.refusals import refuse, twice
from acideploy.emulator.aci.versions import knows
from acideploy.emulator.store import Document


def check_credentials(group: Document, name: str, version: str) -> None:
    credentials = group["properties"].get("imageRegistryCredentials", [])
    owned = [each.lower() for each in group.get("identity", {}).get("userAssignedIdentities", {})]
    for each in credentials:
        server, identity = each.get("server", ""), each.get("identity")
        if not server or "://" in server or "/" in server:
            raise refuse(
                "InvalidImageRegistryServer",
                f"The server '{server}' in 'imageRegistryCredentials' of container group '{name}' "
                "is invalid. It must be a host name without a protocol.",
            )
        if identity and not knows(version, "identityOfRegistry"):
            raise refuse(
                "InvalidImageRegistryCredentialType",
                f"Identity in 'imageRegistryCredentials' of container group '{name}' is not "
                "supported.",
            )
        if identity and (each.get("username") or each.get("password")):
            # The service spells it so.
            raise refuse(
                "AmbiguousImageResitryCredentialType",
                f"Username and password cannot be given with identity in "
                f"'imageRegistryCredentials' of container group '{name}'.",
            )
        if identity and identity.lower() not in owned:
            raise refuse(
                "InvalidImageRegistryIdentity",
                f"The identity in 'imageRegistryCredentials' of container group '{name}' is "
                "invalid. It must be one of the group's user assigned identities.",
            )
        if not identity and not (each.get("username") and each.get("password")):
            raise refuse(
                "InvalidImageRegistryCredential",
                f"The username and password for '{server}' in 'imageRegistryCredentials' of "
                f"container group '{name}' cannot be empty.",
            )
    for server in twice(each["server"].lower() for each in credentials):
        raise refuse(
            "DuplicateImageRegistryServer",
            f"The server '{server}' is used more than once in 'imageRegistryCredentials' of "
            f"container group '{name}'.",
        )

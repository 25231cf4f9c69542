"""What a vault looks like, and what it cannot be."""

from __future__ import annotations

from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.cloud import TENANT
from acideploy.emulator.store import Document
from acideploy.emulator.vault.secrets import RETENTION

_OPTIONAL = (
    *("enabledForDeployment", "enabledForDiskEncryption", "enabledForTemplateDeployment"),
    *("softDeleteRetentionInDays", "enableRbacAuthorization", "enablePurgeProtection"),
    "publicNetworkAccess",
)
# Members of `properties` in the order of answers.
_ORDER = (
    *("sku", "tenantId", "networkAcls", "accessPolicies", "enabledForDeployment"),
    *("enabledForDiskEncryption", "enabledForTemplateDeployment", "enableSoftDelete"),
    *("softDeleteRetentionInDays", "enableRbacAuthorization", "enablePurgeProtection"),
    *("vaultUri", "provisioningState", "publicNetworkAccess"),
)
_ALWAYS = {"enabledForDeployment": False, "enableSoftDelete": True}
_DEFAULTS = {
    "softDeleteRetentionInDays": RETENTION,
    "enableRbacAuthorization": False,
    "publicNetworkAccess": "Enabled",
}
# Rules that let everybody in, of which answers do not tell.
_OPEN = {
    "bypass": "AzureServices",
    "defaultAction": "Allow",
    "ipRules": [],
    "virtualNetworkRules": [],
}


def check_vault(given: Document) -> None:
    """Raises ArmError for properties that no vault can have."""
    if not isinstance(given.get("sku"), dict):
        raise invalid_value("sku")
    if str(given.get("tenantId", "")).lower() != TENANT:
        raise invalid_value("tenantId")
    policies = given.get("accessPolicies")
    if policies is None and given.get("enableRbacAuthorization"):
        return
    if not isinstance(policies, list) or not all(isinstance(each, dict) for each in policies):
        raise invalid_value("accessPolicies")


def properties_of(given: Document, address: str) -> Document:
    """What is kept of a vault: what it was asked to be, and where it answers."""
    acls = given.get("networkAcls")
    asked = {name: given[name] for name in _OPTIONAL if given.get(name) is not None}
    return {
        **asked,
        "sku": {"family": "A", **given["sku"]},
        "tenantId": TENANT,
        **({"networkAcls": acls} if acls and acls != _OPEN else {}),
        "accessPolicies": given.get("accessPolicies") or [],
        # Clients want the address to end as what their tokens are for; of numbers they do not.
        "vaultUri": f"https://{address.replace('localhost', '127.0.0.1')}/",
        "provisioningState": "Succeeded",
    }


def shown_vault(vault: Document, version: str) -> Document:
    """A vault as an API version has it; the first ones leave out what nobody asked for."""
    is_old = version <= "2019-09-01"
    known = {**_ALWAYS, **({} if is_old else _DEFAULTS), **vault["properties"]}
    properties = {name: known[name] for name in _ORDER if name in known}
    outside = {name: vault[name] for name in vault if name != "systemData" or not is_old}
    return {**outside, "properties": properties}


def invalid_value(name: str) -> ArmError:
    """That a property cannot be what it is asked to be."""
    return ArmError(400, "BadRequest", f"An invalid value was provided for '{name}'.")

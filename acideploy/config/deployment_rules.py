"""Keys of a deployment config that depend on each other."""

from __future__ import annotations

from acideploy.config.checked import Findings
from acideploy.config.document import Table

TLS_KEYS = ("sslCertificate", "sslKey", "cname")
VNET_KEYS = ("vnetName", "subnetName")
CUSTOMER_KEY_KEYS = ("vaultBaseUrl", "keyName", "keyVersion")
SCALER_KEYS = ("minReplicas", "maxReplicas", "refreshPeriodInSeconds", "targetUtilization")


def check_serving(table: Table, findings: Findings) -> None:
    """TLS and keys, which mean the same for `aci` and `local`."""
    given = [key for key in TLS_KEYS if table.scalar(key)]
    if _is_on(table, "sslEnabled"):
        _require_together(table, TLS_KEYS, "HTTPS (sslEnabled)", findings)
    elif given:
        findings.warning(
            "unused-key",
            f"{' and '.join(given)} {_have(given)} no effect without sslEnabled",
            table.place_of(given[0]),
            'add "sslEnabled": true to serve HTTPS',
        )
    _check_keys(table, findings)


def _check_keys(table: Table, findings: Findings) -> None:
    keys = table.table("keys")
    if keys is None:
        return
    if keys.scalar("secondaryKey") and not keys.scalar("primaryKey"):
        findings.warning(
            "incomplete-keys",
            "secondaryKey is given without primaryKey; the retired tool dropped it then",
            keys.place_of("secondaryKey"),
            "give primaryKey too",
        )
    if keys.entries and not _is_on(table, "authEnabled"):
        findings.warning(
            "unused-key",
            "keys have no effect without authEnabled: anyone can score",
            table.place_of("keys"),
            'add "authEnabled": true',
        )


def check_azure(table: Table, findings: Findings) -> None:
    """What Azure Container Instances wants together or apart."""
    _require_together(table, VNET_KEYS, "a virtual network", findings)
    _require_together(table, CUSTOMER_KEY_KEYS, "a customer-managed key", findings)
    label = table.scalar("dnsNameLabel")
    if label and table.scalar("vnetName"):
        findings.warning(
            "conflicting-keys",
            "Azure refuses a DNS label for a service in a virtual network",
            table.place_of("dnsNameLabel"),
            "remove dnsNameLabel",
        )


def check_aks(table: Table, findings: Findings) -> None:
    """The rules of the retired AksServiceDeploymentConfiguration."""
    _check_limits(table, findings)
    _check_scaler(table, findings)
    if _is_on(table, "authEnabled") and _is_on(table, "tokenAuthEnabled"):
        findings.error(
            "conflicting-keys",
            "authEnabled and tokenAuthEnabled cannot both be true",
            table.place_of("tokenAuthEnabled"),
        )


def _check_limits(table: Table, findings: Findings) -> None:
    resources = table.table("containerResourceRequirements") or Table(place=table.place, entries={})
    for key, limit in (("cpu", "cpuLimit"), ("memoryInGB", "memoryInGBLimit")):
        if _is_less(resources, limit, than=_number(resources, key)):
            findings.error(
                "conflicting-keys", f"{limit} is less than {key}", resources.place_of(limit)
            )


def _check_scaler(table: Table, findings: Findings) -> None:
    scaler = table.table("autoScaler") or Table(place=table.place, entries={})
    enabled = scaler.scalar("autoscaleEnabled")
    replicas = table.scalar("numReplicas")
    if enabled and enabled.value is True:
        if replicas:
            findings.error(
                "conflicting-keys",
                "numReplicas cannot be given while autoscaleEnabled is true",
                table.place_of("numReplicas"),
            )
        if _is_less(scaler, "maxReplicas", than=_number(scaler, "minReplicas")):
            findings.error(
                "conflicting-keys",
                "maxReplicas is less than minReplicas",
                scaler.place_of("maxReplicas"),
            )
        return
    if enabled and not replicas:
        findings.error(
            "incomplete-keys",
            "autoscaleEnabled is false, so numReplicas is needed",
            scaler.place_of("autoscaleEnabled"),
        )
    for key in SCALER_KEYS:
        if scaler.scalar(key):
            findings.error(
                "conflicting-keys",
                f"{key} needs autoscaleEnabled to be true",
                scaler.place_of(key),
            )


def _require_together(table: Table, keys: tuple[str, ...], what: str, findings: Findings) -> None:
    """All of the keys or, unless `sslEnabled` asks for them, none."""
    given = [key for key in keys if table.scalar(key)]
    missing = [key for key in keys if key not in given]
    if missing and (given or keys is TLS_KEYS):
        findings.error(
            "incomplete-keys",
            f"{what} needs {', '.join(keys)}: {' and '.join(missing)} {_are(missing)} missing",
            table.place_of(given[0] if given else "sslEnabled"),
        )


def _is_on(table: Table, key: str) -> bool:
    scalar = table.scalar(key)
    return scalar is not None and scalar.value is True


def _number(table: Table, key: str) -> float | None:
    scalar = table.scalar(key)
    return scalar.value if scalar and isinstance(scalar.value, (int, float)) else None


def _is_less(table: Table, key: str, *, than: float | None) -> bool:
    """Whether the key's number is given and is less."""
    number = _number(table, key)
    return number is not None and than is not None and number < than


def _are(keys: list[str]) -> str:
    return "is" if len(keys) == 1 else "are"


def _have(keys: list[str]) -> str:
    return "has" if len(keys) == 1 else "have"

"""The deployment config: where and how a service runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar, get_args

from acideploy.config.checked import Checked, Findings
from acideploy.config.conform import conform
from acideploy.config.deployment_rules import check_aks, check_azure, check_serving
from acideploy.config.document import Scalar, Table, is_blank, scalars
from acideploy.config.kinds import V2_KEYS, deployment_kind
from acideploy.config.not_given import file_to_give
from acideploy.config.overlay import overlay
from acideploy.config.paths import Bases, absolute, find_file
from acideploy.config.placeholders import REPLACE_IT, report_placeholders, variable_in
from acideploy.config.problem import Place
from acideploy.config.read import read_table
from acideploy.config.spelling import nearest_word, slipped_key
from acideploy.config.values import (
    AciDeployment,
    AksDeployment,
    DeploymentConfig,
    DnsScope,
    Limits,
    LocalDeployment,
    Override,
    RuntimeChoice,
    Serving,
)

COMPUTE_TYPES = ("aci", "local", "aks", "aksendpoint")
T = TypeVar("T")


def read_deployment_config(
    path: Path | None, *, overrides: Sequence[Override] = (), cwd: Path
) -> Checked[DeploymentConfig]:
    """Reads the file, lays the flags over it and checks the whole. `cwd` is absolute.

    Without a file the flags have to give a compute type.
    """
    findings = Findings()
    table: Table | None = Table(place=Place(file="--compute-type"), entries={})
    bases = Bases(cwd=cwd)
    if path is not None:
        file = absolute(cwd, str(path))
        bases = Bases(cwd=cwd, config=file.parent)
        table = read_table(file, cwd=cwd, findings=findings, typed=path)
    if table is None:
        return findings.checked(None)
    merged = overlay(table, overrides)
    compute_type = _compute_type(merged, bases, findings)
    rest = {key: each for key, each in merged.entries.items() if key != "computeType"}
    merged = Table(place=merged.place, entries=rest)
    # Without a type the keys are checked all the same, as those of the commonest one.
    shaped = conform(merged, deployment_kind(compute_type or "aci"), findings)
    report_placeholders(shaped, findings)
    if compute_type is None:
        return findings.checked(None)
    value = _value(compute_type, shaped, bases, findings)
    return findings.checked(None if findings.failed else value)


def _compute_type(table: Table, bases: Bases, findings: Findings) -> str | None:
    """In lower case; None, with the reason among the findings, when it is not one."""
    given = table.node("computeType")
    if given is None and V2_KEYS & set(table.entries):
        findings.error(
            "v2-file",
            "this is a deployment file of `az ml` version 2, not a deployment config",
            table.place,
            'write "computeType": "aci" or "local", with the keys of the README',
        )
        return None
    if given is None or is_blank(given):
        hint = file_to_give("-dc", bases) or slipped_key("computeType", table)
        if "entryScript" in table.entries:
            hint = "this looks like an inference config: give it with -ic"
        hint = hint or 'add "computeType": "local" or "aci", or give --compute-type'
        findings.error("missing-key", "computeType is missing", table.place, hint)
        return None
    if isinstance(given, Scalar) and (variable := variable_in(given.text)):
        message = f"{variable} in computeType was not replaced by a value"
        findings.error("unreplaced-variable", message, given.place, REPLACE_IT)
        return None
    word = given.text.strip().lower() if isinstance(given, Scalar) else ""
    if word in COMPUTE_TYPES:
        return word
    if not word:
        expected = f"computeType has to be one of {', '.join(COMPUTE_TYPES)}"
        findings.error("wrong-type", expected, given.place)
    else:
        near = nearest_word(word, COMPUTE_TYPES)
        findings.error(
            "bad-value",
            f"computeType is {word!r}, which is not one of {', '.join(COMPUTE_TYPES)}",
            given.place,
            f"did you mean {near}?" if near else "aci runs it in Azure, local on this machine",
        )
    return None


def _value(compute_type: str, shaped: Table, bases: Bases, findings: Findings) -> DeploymentConfig:
    if compute_type.startswith("aks"):
        check_aks(shaped, findings)
        values = {name: scalar.value for name, scalar in scalars(shaped)}
        return AksDeployment(compute_type=compute_type, values=values)
    serving = _serving(shaped, bases, findings)
    cpu = _number(shaped, "containerResourceRequirements", "cpu")
    memory = _number(shaped, "containerResourceRequirements", "memoryInGB")
    if compute_type == "local":
        return LocalDeployment(
            runtime=_runtime(shaped),
            port=_of(int, shaped, "port") or None,
            limits=Limits(cpu=cpu, memory_in_gb=memory),
            serving=serving,
        )
    check_azure(shaped, findings)
    return AciDeployment(
        cpu=cpu,
        memory_in_gb=memory,
        location=_of(str, shaped, "location"),
        dns_name_label=_of(str, shaped, "dnsNameLabel"),
        dns_name_label_scope=_dns_scope(shaped),
        vnet_name=_of(str, shaped, "vnetName"),
        subnet_name=_of(str, shaped, "subnetName"),
        vault_base_url=_of(str, shaped, "vaultBaseUrl"),
        key_name=_of(str, shaped, "keyName"),
        key_version=_of(str, shaped, "keyVersion"),
        collect_model_data=_of(bool, shaped, "dataCollection", "storageEnabled"),
        serving=serving,
        places={key: scalar.place for key, scalar in scalars(shaped)},
    )


def _dns_scope(shaped: Table) -> DnsScope | None:
    """In Azure's own spelling, too."""
    word = (_of(str, shaped, "dnsNameLabelScope") or "").lower()
    return next((choice for choice in get_args(DnsScope) if choice.lower() == word), None)


def _runtime(shaped: Table) -> RuntimeChoice | None:
    """The schema has seen to it that it is a choice, in whatever case."""
    word = (_of(str, shaped, "runtime") or "").lower()
    return next((choice for choice in get_args(RuntimeChoice) if choice == word), None)


def _serving(shaped: Table, bases: Bases, findings: Findings) -> Serving:
    check_serving(shaped, findings)
    certificate, key = shaped.scalar("sslCertificate"), shaped.scalar("sslKey")
    uses_tls = _of(bool, shaped, "sslEnabled")
    return Serving(
        auth_enabled=_of(bool, shaped, "authEnabled"),
        primary_key=_of(str, shaped, "keys", "primaryKey"),
        secondary_key=_of(str, shaped, "keys", "secondaryKey"),
        ssl_enabled=uses_tls,
        ssl_certificate=_pem(certificate, "sslCertificate", uses_tls, bases, findings),
        ssl_key=_pem(key, "sslKey", uses_tls, bases, findings),
        cname=_of(str, shaped, "cname"),
        app_insights_enabled=_of(bool, shaped, "appInsightsEnabled"),
    )


def _pem(
    path: Scalar | None, name: str, uses_tls: bool | None, bases: Bases, findings: Findings
) -> Path | None:
    """The file; without TLS nobody needs it, so it need not exist."""
    if path is None:
        return None
    if "-----BEGIN" in path.text:
        findings.error("bad-value", f"{name} holds PEM text", path.place, "give the file's path")
        return None
    if not uses_tls:
        return absolute(bases.cwd, path.text)
    return find_file(path, name, bases, findings)


def _of(kind: type[T], table: Table, *path: str) -> T | None:
    """The value at the end of a path of keys, whose type the schema has seen to."""
    scalar = table.scalar(*path)
    return scalar.value if scalar and isinstance(scalar.value, kind) else None


def _number(table: Table, *path: str) -> float | None:
    scalar = table.scalar(*path)
    return scalar.value if scalar and isinstance(scalar.value, (int, float)) else None

"""`service update` of how and where a service in Azure runs: its image stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar, get_args

from acideploy.checks import certificate_problems
from acideploy.clock import Clock
from acideploy.code import Code
from acideploy.config import read_deployment_config
from acideploy.config.values import AciDeployment, DnsScope, Limits, Override, Serving
from acideploy.environment.request import EnvironmentRequest
from acideploy.events import Emit
from acideploy.image.contents import PACKAGES
from acideploy.plan import Wanted
from acideploy.request import UpdateRequest
from acideploy.serving import ServingStack
from acideploy.targets import Service
from acideploy.targets.aci.draft import insights_key
from acideploy.targets.aci.group import (
    MODELS_TAG,
    PART_TAG,
    Confidential,
    Pull,
    group_body,
    without_secrets,
)
from acideploy.targets.aci.record import Revision
from acideploy.targets.aci.rollback import next_number, redeploy
from acideploy.targets.aci.target import AciTarget
from acideploy.targets.aci.turn import require_idle
from acideploy.targets.aci.update import described, require_ours, updated_tags
from acideploy.targets.aci.view import container_of
from acideploy.verdict import tell

_T = TypeVar("_T")

_INSIGHTS, _COLLECTION = "AML_APP_INSIGHTS_ENABLED", "AML_MODEL_DC_STORAGE_ENABLED"
_INSIGHTS_KEY = "AML_APP_INSIGHTS_KEY"
_OWN = frozenset({"SERVICE_NAME", _INSIGHTS, _COLLECTION})
_TLS_FILES = frozenset({"sslCertificate", "sslKey"})


def is_of_settings(request: UpdateRequest) -> bool:
    """Whether an update says where and how the service runs, and not what."""
    named = request.models or request.model_metadata_files
    return request.files.say_where and not (request.files.say_what_runs or named)


def change_settings(
    request: UpdateRequest,
    target: AciTarget,
    *,
    directory: Path,
    pull: Callable[[], Pull],
    clock: Clock,
    emit: Emit,
) -> Service:
    """Deploys the image that is there with other settings, as a new revision.

    What is not given stays. Raises ConfigurationError, UnsupportedError for a service that
    acideploy has not deployed, StorageError where its secrets are gone, and BusyError.
    """
    group = target.group(request.name)
    present = described(request, require_ours(target, request.name, group))
    require_idle(group, request.name)
    given = _given(request, present, directory, emit)
    known = target.confidential(present)
    wanted = _wanted(request, group, present, given)
    confidential = _confidential(wanted, target, known)
    chosen = pull()
    revision = replace(
        _revision(wanted, target, group, present, pull=chosen, confidential=confidential),
        created_time=clock.now().isoformat(),
    )
    return redeploy(
        target, revision, group, confidential, pull=chosen, wait=not request.no_wait, emit=emit
    )


def _revision(
    wanted: Wanted,
    target: AciTarget,
    group: Mapping[str, Any],
    present: Revision,
    *,
    pull: Pull,
    confidential: Confidential,
) -> Revision:
    """The next one, of the same image."""
    number, parts = next_number(target, group, wanted.name), wanted.parts()
    marks = {f"{PART_TAG}{name}": digest for name, digest in parts.items()}
    models = group["tags"].get(MODELS_TAG)
    body = group_body(
        wanted,
        workspace=target.azure.workspace,
        image=present.image,
        number=number,
        # Its models are in the image: those that are wanted are none.
        marks=marks if models is None else {**marks, MODELS_TAG: models},
        pull=pull,
        confidential=confidential,
    )
    serving = wanted.serving
    return replace(
        present,
        number=number,
        parts=parts,
        group=without_secrets(body),
        auth_enabled=bool(serving.auth_enabled),
        ssl_enabled=bool(serving.ssl_enabled),
        app_insights_enabled=bool(serving.app_insights_enabled),
        cname=serving.cname,
        certificate=confidential.certificate,
    )


def _given(
    request: UpdateRequest, revision: Revision, directory: Path, emit: Emit
) -> AciDeployment:
    files = request.files
    overrides = [Override(key="computeType", value="aci", flag="the service")]
    if revision.ssl_enabled and _TLS_FILES & {each.key for each in files.deployment_overrides}:
        # A certificate is renewed: that there is one need not be said again.
        overrides += [
            Override(key="sslEnabled", value=True, flag="the service"),
            Override(key="cname", value=revision.cname, flag="the service"),
        ]
    checked = read_deployment_config(
        files.deployment_config, overrides=(*overrides, *files.deployment_overrides), cwd=directory
    )
    serving = checked.value.serving if isinstance(checked.value, AciDeployment) else Serving()
    tell((*checked.problems, *certificate_problems(serving)), strict=files.strict, emit=emit)
    assert isinstance(checked.value, AciDeployment)
    return checked.value


def _wanted(
    request: UpdateRequest, group: Mapping[str, Any], revision: Revision, given: AciDeployment
) -> Wanted:
    """The service with what is given; its code, environment and models are in its image."""
    present = _deployment(group)
    known = Serving(
        auth_enabled=revision.auth_enabled,
        ssl_enabled=revision.ssl_enabled,
        cname=revision.cname,
        app_insights_enabled=revision.app_insights_enabled,
    )
    serving = _over(known, given.serving)
    if not serving.ssl_enabled:
        serving = replace(serving, cname=None, ssl_certificate=None, ssl_key=None)
    tags = updated_tags(request, group)
    aci = replace(_over(present, replace(given, serving=present.serving)), serving=serving)
    return Wanted(
        name=request.name,
        models=(),
        code=Code(
            path=Path(revision.origin),
            entry_script=revision.entry_script,
            source_directory=revision.source_directory,
            origin=Path(revision.origin),
        ),
        environment=EnvironmentRequest(
            python="",
            lines=(),
            directory=Path(revision.origin),
            stack=ServingStack(python="", requirements=(), constraints=()),
        ),
        serving=serving,
        runtime="container",
        limits=Limits(cpu=aci.cpu, memory_in_gb=aci.memory_in_gb),
        variables=_variables(group),
        tags={name: text for name, text in tags.items() if not name.startswith("acideploy.")},
        kept_parts={name: text for name, text in revision.parts.items() if name != "settings"},
        aci=aci,
    )


def _confidential(wanted: Wanted, target: AciTarget, known: Confidential) -> Confidential:
    serving = wanted.serving
    variables = {name: text for name, text in known.variables.items() if name != _INSIGHTS_KEY}
    if serving.app_insights_enabled and (key := insights_key(target)):
        variables[_INSIGHTS_KEY] = key
    group = target.azure.workspace.group_name(wanted.name)
    tls = bool(serving.ssl_enabled)
    certificate, key_file = serving.ssl_certificate, serving.ssl_key
    return Confidential(
        keys=target.ensure_keys(group, primary=serving.primary_key, secondary=serving.secondary_key)
        if serving.auth_enabled
        else None,
        variables=variables,
        certificate=(certificate.read_text() if certificate else known.certificate)
        if tls
        else None,
        certificate_key=(key_file.read_text() if key_file else known.certificate_key)
        if tls
        else None,
    )


def _deployment(group: Mapping[str, Any]) -> AciDeployment:
    """What a deployment config would say of a group."""
    properties = group["properties"]
    container = container_of(group)["properties"]
    requests = container["resources"]["requests"]
    address = properties.get("ipAddress") or {}
    encryption = properties.get("encryptionProperties") or {}
    subnets = [str(each["id"]).split("/") for each in properties.get("subnetIds") or ()]
    variables = {each["name"]: each.get("value") for each in container["environmentVariables"]}
    scopes = {scope.lower(): scope for scope in get_args(DnsScope)}
    return AciDeployment(
        cpu=requests["cpu"],
        memory_in_gb=requests["memoryInGB"],
        location=group["location"],
        dns_name_label=address.get("dnsNameLabel"),
        dns_name_label_scope=scopes.get(
            str(address.get("autoGeneratedDomainNameLabelScope")).lower()
        ),
        vnet_name=subnets[0][-3] if subnets else None,
        subnet_name=subnets[0][-1] if subnets else None,
        vault_base_url=encryption.get("vaultBaseUrl"),
        key_name=encryption.get("keyName"),
        key_version=encryption.get("keyVersion"),
        collect_model_data=variables.get(_COLLECTION) == "true",
    )


def _variables(group: Mapping[str, Any]) -> dict[str, str]:
    """Those that the environment has given and that are no secrets."""
    found = {
        str(each["name"]): str(each["value"])
        for each in container_of(group)["properties"]["environmentVariables"]
        if each.get("value") is not None
        and not each["name"].startswith("ACIDEPLOY_")
        and each["name"] not in _OWN
    }
    if path := found.get("PYTHONPATH"):
        found["PYTHONPATH"] = path.removeprefix(f"{PACKAGES}:")
    return found


def _over(known: _T, given: _T) -> _T:
    """What is known, with every field that is given."""
    names = [each.name for each in fields(given)]  # type: ignore[arg-type]  # both are dataclasses
    changes = {name: getattr(given, name) for name in names if getattr(given, name) is not None}
    return replace(known, **changes)  # type: ignore[type-var]

"""Which workspace is meant: by flags, by variables, by a folder's file, by az's defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from acideploy.attachment_file import (
    COORDINATES,
    AttachmentFile,
    find_file,
    is_another,
    is_whole,
)
from acideploy.az_settings import Said, active_subscription, az_defaults, subscription_id
from acideploy.config.problem import Place, Problem
from acideploy.errors import ConfigurationError

REGISTRY_VARIABLE = "ACIDEPLOY_REGISTRY"

# Which say nothing of Azure by themselves: models may be in any registry, and whoever has logged
# in once has a subscription.
_INCIDENTAL = {"subscription", "registry"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """The registry, and where it is said: a file, a flag or a variable."""

    registry: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureChoice:
    """A workspace in Azure as it was named, of which nothing has been asked yet.

    Without `workspace_name` there are `registry` and `location`. Of the parts below those, each is
    a name, an id of Resource Manager or an address. `origins` says of each where it was said.
    """

    subscription: str
    resource_group: str
    workspace_name: str | None = None
    registry: str | None = None
    location: str | None = None
    key_vault: str | None = None
    application_insights: str | None = None
    storage: str | None = None
    pull_identity: str | None = None
    origins: tuple[tuple[str, str], ...] = ()

    @property
    def attachment(self) -> Attachment | None:
        """The registry where it is named by its host: nothing need be asked of Azure to use it."""
        if self.registry is None or not is_host(self.registry):
            return None
        return Attachment(registry=self.registry, origin=dict(self.origins)["registry"])

    @property
    def is_by_flag(self) -> bool:
        """Whether the command line says that this workspace is meant, and not the folder alone."""
        said = dict(self.origins)
        return any(said.get(part) == flag(part) for part in ("workspace_name", "resource_group"))


def is_host(registry: str) -> bool:
    """Whether that is `contoso.azurecr.io`; else it is `contoso`, or an id."""
    return "/" not in registry and ("." in registry or ":" in registry)


def choose_registry(
    given: str | None, variables: Mapping[str, str], folder: Path
) -> Attachment | None:
    """The registry of the flag, else of `ACIDEPLOY_REGISTRY`, else of the folder."""
    if given:
        return Attachment(registry=given, origin=flag("registry"))
    if named := variables.get(REGISTRY_VARIABLE):
        return Attachment(registry=named, origin=REGISTRY_VARIABLE)
    return find_attachment(folder)


def find_attachment(folder: Path) -> Attachment | None:
    """The registry that the folder's file names. Raises ConfigurationError."""
    file = find_file(folder)
    if file is None or "registry" not in file.parts:
        return None
    return Attachment(registry=file.parts["registry"], origin=str(file.path))


def choose_azure(
    flags: Mapping[str, str], variables: Mapping[str, str], folder: Path, az_folder: Path
) -> AzureChoice | None:
    """The workspace in Azure that is named; None where nothing names one.

    A part is as its flag says, else as the folder's file does, else as az's defaults do. `flags`
    are by the names of AzureChoice. Raises ConfigurationError where something is left unknown.
    """
    given = {part: (value, flag(part)) for part, value in flags.items()}
    if "registry" not in given and (named := variables.get(REGISTRY_VARIABLE)):
        given["registry"] = (named, REGISTRY_VARIABLE)
    if "subscription" in given:
        value, origin = given["subscription"]
        given["subscription"] = (subscription_id(value, az_folder), origin)
    chosen = {**_of_file(find_file(folder), given), **given}
    is_asked = bool(chosen.keys() - _INCIDENTAL)
    defaults = az_defaults(variables, az_folder)
    if _has_parts(chosen):
        # Parts that are named one by one are not those of the default workspace.
        defaults.pop("workspace_name", None)
    if not is_asked and "workspace_name" not in defaults:
        return None
    if active := active_subscription(variables, az_folder):
        defaults["subscription"] = active
    chosen = {**defaults, **chosen}
    problems = list(_missing(chosen))
    if problems and not is_asked:
        return None
    if problems:
        raise ConfigurationError(problems)
    return AzureChoice(
        **{part: value for part, (value, _) in chosen.items()},
        origins=tuple((part, origin) for part, (_, origin) in chosen.items()),
    )


def flag(part: str) -> str:
    """The spelling of the flag that names a part."""
    return "--subscription-id" if part == "subscription" else f"--{part.replace('_', '-')}"


def _of_file(file: AttachmentFile | None, given: Mapping[str, Said]) -> dict[str, Said]:
    """What the file says that holds for the workspace that flags name."""
    if file is None:
        return {}
    parts, flags = file.parts, {part: value for part, (value, _) in given.items()}
    if is_another(parts, flags):
        # Its registry and the like are those of the workspace it names, not of this one; of the
        # name itself, what no flag replaces still holds.
        held = () if is_whole(flags) else COORDINATES
        parts = {part: value for part, value in parts.items() if part in held}
    return {part: (value, str(file.path)) for part, value in parts.items()}


def _has_parts(chosen: Mapping[str, Said]) -> bool:
    """Whether they are enough without a workspace of Azure ML."""
    return "workspace_name" not in chosen and {"registry", "location"} <= chosen.keys()


def _missing(chosen: Mapping[str, Said]) -> Iterator[Problem]:
    """A problem for each thing that has to be known and is not."""
    telling = ("workspace_name", "resource_group", *(chosen.keys() - _INCIDENTAL))
    part = next(part for part in telling if part in chosen)
    value, origin = chosen[part]
    subject = f"{part.replace('_', ' ').removesuffix(' name')} {value}"
    if "workspace_name" not in chosen and not _has_parts(chosen):
        yield _incomplete(
            f"{subject} is named, and no workspace",
            origin,
            "-w WORKSPACE; or acideploy folder attach --registry HOST --location REGION",
        )
    if "resource_group" not in chosen:
        yield _incomplete(
            f"the resource group of {subject} is not known",
            origin,
            "-g GROUP; or az configure --defaults group=GROUP",
        )
    if "subscription" not in chosen:
        yield _incomplete(
            f"the subscription of {subject} is not known",
            origin,
            "--subscription-id ID; or az login",
        )


def _incomplete(message: str, origin: str, hint: str) -> Problem:
    return Problem(
        code="azure-incomplete",
        severity="error",
        message=message,
        place=Place(file=origin),
        hint=hint,
    )

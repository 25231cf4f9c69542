"""The differences from Azure that are known, each with the reason why it is there."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.replay.player import Difference


@dataclass(frozen=True)
class Allowed:
    """Differences whose request and text fit these patterns, as the shell's for file names."""

    request: str
    text: str
    reason: str
    file: str = "*"


ALLOWED: tuple[Allowed, ...] = (
    Allowed(
        request="GET */resources",
        text="value has * items, here *",
        reason="the recorded subscription had resources that the recording did not make",
    ),
    Allowed(
        request="GET */resources",
        text="nextLink is missing",
        reason="the recorded subscription had more resources than one answer holds",
    ),
    Allowed(
        request="GET */resources",
        text="value* has its keys in another order",
        reason="Resource Manager lists resources with `name` or with `id` first as it pleases",
    ),
    Allowed(
        request="GET */operations",
        text="value has * items, here *",
        reason="what a role can allow grows by the year; the operations that are here are listed",
    ),
    Allowed(
        request="* */containerGroups/*",
        text="properties.instanceView.events has 0 items, here 1",
        reason="replayed without an engine, which every group says in an event of its own",
    ),
    Allowed(
        request="* */containerGroups/*",
        text="properties.instanceView.events is not recorded",
        reason="replayed without an engine, which every group says in an event of its own",
    ),
    Allowed(
        request="GET */operations/*",
        text="properties.events has * items, here *",
        reason="what an operation tells of events lags behind by moments that nobody can know",
    ),
    Allowed(
        request="* */containerGroups/*",
        text="*.instanceView.events has * items, here *",
        reason="before 2021, and for GPUs and gitRepo volumes, another backend told of 'Created' "
        "too, and told again of what came again",
    ),
    Allowed(
        request="* */containerGroups/*",
        text="properties.* is not recorded",
        file="*git_repo_volume*",
        reason="groups with a gitRepo volume ran on an older backend, which answered less",
    ),
    Allowed(
        request="* */containerGroups/*",
        text="properties.containers*instanceView.events is not recorded",
        reason="what a container tells of events lags behind by moments that nobody can know",
    ),
    Allowed(
        request="* */containerGroups/*",
        text="properties.containers*instanceView.previousState is missing",
        reason="replayed without an engine, so that no container ends and starts again by itself",
    ),
    Allowed(
        request="GET */logs",
        text="content is empty, here a text",
        reason="replayed without an engine, which the log of every container says",
    ),
    Allowed(
        request="* *",
        text="*The resource namespace 'Microsoft.Resources' is invalid.*",
        reason="deployments of templates are not emulated",
    ),
    Allowed(
        request="* */taskRuns*",
        text="*",
        file="*test_acr_taskrun",
        reason="the recorded task run was made by the deployment of a template, not emulated",
    ),
    Allowed(
        request="* *",
        text="*could not be found in the namespace 'Microsoft.Network'*",
        reason="of networks only virtual ones are emulated, with subnets and security groups",
    ),
    Allowed(
        request="* *",
        text="*The resource namespace '*' is invalid.*",
        reason="a provider that is not emulated is answered for as an unknown one",
    ),
    *(
        Allowed(
            request="* *",
            text=f"*The resource type 'registries/{name}*' could not be found*",
            reason=f"not emulated: {reason}",
        )
        for name, reason in (
            ("*uild*", "builds were a preview of 2018 that runs have replaced"),
            ("cacheRules", "images of other registries are imported, not cached"),
            ("credentialSets", "images of other registries are imported, not cached"),
            ("connectedRegistries", "registries outside Azure"),
            ("*ipeline", "the transfer of content between registries by storage accounts"),
            ("private", "networks, and with them private endpoints"),
        )
    ),
    Allowed(
        request="* *",
        text="*no answer has given this address*",
        reason="blob storage is a real Azurite at other addresses, the directory is not emulated",
    ),
    *(
        Allowed(
            request="* *",
            text="header retry-after is not recorded",
            file=file,
            reason="the recorder of az and of the Python libraries takes this header away",
        )
        for file in ("azure-*", "*python*")
    ),
    Allowed(
        request="* *",
        text="header retry-after is missing",
        file="*java*",
        reason="the recorder of the Java libraries puts this header into every answer",
    ),
    Allowed(
        request="PUT */registries/*",
        text="properties.policies.* is not recorded",
        reason="policies came one after the other, whatever version of the API was asked",
    ),
    Allowed(
        request="GET */versions",
        text="value has 1 items, here 0",
        reason="the recorder gave models other names in addresses than in answers",
    ),
    Allowed(
        request="GET *",
        text="nextLink is missing",
        file="aml-*",
        reason="the recorded workspace had more models, which the recording does not name",
    ),
    Allowed(
        request="GET */models",
        text="value has * items, here *",
        reason="the recorded workspace had more models, which the recording does not name",
    ),
    Allowed(
        request="* */runs*",
        text="*outputImages is missing",
        reason="replayed without an engine, so that nothing is built",
    ),
    Allowed(
        request="* */runs/*",
        text="properties.finishTime is not recorded",
        reason="replayed without an engine, so that a run ends at once",
    ),
    Allowed(
        request="* */tasks/*",
        text="properties.step.baseImageDependencies is missing",
        reason="a build that really ran learned them; replayed without an engine",
    ),
    Allowed(
        request="PUT */registries/*",
        text="status 20[01], here 20[01]*",
        reason="between 2021 and 2025 some regions answered 200 at once, most 201 and an operation",
    ),
    Allowed(
        request="GET */*perationResults/*",
        text="status 202, here 20[04]*",
        reason="how many times it is asked before it is done is a matter of time",
    ),
    Allowed(
        request="POST */checkNameAvailability",
        text="* is missing",
        reason="the name was taken by somebody whom the recording does not show",
    ),
    Allowed(
        request="PUT */storageAccounts/*",
        text="status 202, here 200*",
        reason="an account is made at once, which clients take as well",
    ),
    Allowed(
        request="GET */asyncoperations/*",
        text="* here 404*",
        reason="an account is made at once, so that there is nothing to poll",
    ),
    Allowed(
        request="GET */roleDefinitions",
        text="value*.properties.permissions* has * items, here *",
        reason="what a built-in role may do grows by the year",
    ),
    Allowed(
        request="GET */scopeMaps",
        text="value has * items, here *",
        reason="the service has defined more scope maps over the years",
    ),
    Allowed(
        request="POST */listEvents",
        text="value has * items, here 0",
        reason="nothing here calls the address of a webhook",
    ),
    Allowed(
        request="PUT */manifests/*",
        text="status 201, here 400*DIGEST_INVALID*",
        reason="the very bytes of the manifest, of which its digest is made, are not recorded",
    ),
    Allowed(
        request="PUT */manifests/*",
        text="status 201, here 40*MANIFEST_BLOB_UNKNOWN*",
        reason="what it refers to was there before the recording, and its bytes are not recorded",
    ),
    Allowed(
        request="GET */deletedVaults",
        text="*",
        reason="the recorded subscription had deleted vaults that the recording did not make",
    ),
    Allowed(
        request="GET */manifests/*",
        text="status 200, here 404*",
        file="*download_docker_manifest",
        reason="the manifest was there before the recording, and its very bytes are not recorded",
    ),
)


def allowance(difference: Difference) -> Allowed | None:
    """What allows a difference; None when nothing does."""
    for allowed in ALLOWED:
        pairs = (
            (difference.request, allowed.request),
            (difference.text, allowed.text),
            (difference.file, allowed.file),
        )
        if all(fnmatchcase(text, pattern) for text, pattern in pairs):
            return allowed
    return None

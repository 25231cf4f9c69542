"""The flags that stand for a key of a configuration file, as tables.

A row is the one place where a flag, its key and its kind meet: options, overrides, notes and
completion are made from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from acideploy.cli.options import BOOLEAN, FILE, FILE_OR_FOLDER, FOLDER, OneOf, Option

if TYPE_CHECKING:
    from acideploy.config.values import Override


@dataclass(frozen=True, slots=True)
class Flag:
    """`spellings` are the long and the short one; `key` is the file's dotted key.

    Where a flag stands for a key of either file, its value says which: `only` and `never` are the
    words that mean this key, and those that do not.
    """

    spellings: tuple[str, ...]
    key: str
    help: str
    type: click.ParamType[Any] = click.STRING
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    @property
    def parameter(self) -> str:
        """The name that click gives to the value."""
        return self.spellings[0].lstrip("-").replace("-", "_")

    def is_meant_by(self, value: object) -> bool:
        word = str(value).lower()
        return word not in self.never and (not self.only or word in self.only)


_COMPUTE_TYPE = OneOf("TYPE", ("local", "aci", "aks", "aksendpoint"))
_LOCAL_RUNTIMES = ("container", "process", "auto")
_RUNTIME = OneOf("RUNTIME", (*_LOCAL_RUNTIMES, "python", "python-slim", "spark-py"))
_CUDA = OneOf("VERSION", ("9.0", "9.1", "10.0"))

INFERENCE = (
    Flag(("--entry-script", "--es"), "entryScript", "Python file with init() and run().", FILE),
    Flag(
        ("--source-directory", "--sd"),
        "sourceDirectory",
        "Folder whose files the script needs.",
        FOLDER,
    ),
    Flag(("--conda-file", "--cf"), "condaFile", "Conda file with the packages.", FILE),
    Flag(
        ("--runtime", "--rt"),
        "runtime",
        "What a local service runs in: container, process or auto; in old configurations: python.",
        _RUNTIME,
        never=_LOCAL_RUNTIMES,
    ),
    Flag(("--base-image", "--bi"), "baseImage", "Image to build on."),
    Flag(("--base-image-registry", "--ir"), "baseImageRegistry", "Registry of the base image."),
    Flag(
        ("--extra-docker-file-steps", "--ds"),
        "extraDockerfileSteps",
        "Further lines for the Dockerfile.",
        FILE,
    ),
    Flag(
        ("--enable-gpu", "--eg"),
        "enableGpu",
        "GPU in the image; there is none, so false only.",
        BOOLEAN,
    ),
    Flag(("--cuda-version", "--cv"), "cudaVersion", "Version of CUDA in the image.", _CUDA),
    Flag(("--environment-name", "-e"), "environment.name", "Registered Azure ML environment."),
    Flag(("--environment-version", "--ev"), "environment.version", "Version of that environment."),
)

COMPUTE_TYPE = Flag(
    ("--compute-type", "--cp"), "computeType", "local or aci; wins over the file.", _COMPUTE_TYPE
)

# The same flag as that of INFERENCE, so it makes no option of its own.
RUNTIME = Flag(("--runtime", "--rt"), "runtime", "", _RUNTIME, only=_LOCAL_RUNTIMES)

_DNS_SCOPES = (
    "unsecure",
    "tenantReuse",
    "subscriptionReuse",
    "resourceGroupReuse",
    "noReuse",
)

DEPLOYMENT = (
    Flag(("--port", "--po"), "port", "Port of a local service; 0 takes a free one.", click.INT),
    Flag(
        ("--cpu-cores", "--cc"),
        "containerResourceRequirements.cpu",
        "Number of cores, such as 0.5.",
        click.FLOAT,
    ),
    Flag(
        ("--memory-gb", "--gb"),
        "containerResourceRequirements.memoryInGB",
        "Memory in GB, such as 1.0.",
        click.FLOAT,
    ),
    Flag(("--auth-enabled", "--ae"), "authEnabled", "Ask callers for a key.", BOOLEAN),
    Flag(("--primary-key", "--kp"), "keys.primaryKey", "The first key; made if not given."),
    Flag(("--secondary-key", "--ks"), "keys.secondaryKey", "The second key; made if not given."),
    Flag(("--ssl-enabled", "--se"), "sslEnabled", "Serve HTTPS.", BOOLEAN),
    Flag(("--ssl-cert-pem-file", "--sp"), "sslCertificate", "Certificate, a PEM file.", FILE),
    Flag(("--ssl-key-pem-file", "--sk"), "sslKey", "Its private key, a PEM file.", FILE),
    Flag(("--ssl-cname", "--sc"), "cname", "Host name of the certificate."),
    Flag(("--dns-name-label", "--dn"), "dnsNameLabel", "First part of the address."),
    Flag(
        ("--dns-name-label-scope",),
        "dnsNameLabelScope",
        "Who may have that address after this service.",
        OneOf("SCOPE", _DNS_SCOPES),
    ),
    Flag(("--location", "--lo"), "location", "Azure region."),
    Flag(
        ("--enable-app-insights", "--ai"),
        "appInsightsEnabled",
        "Send requests to Application Insights.",
        BOOLEAN,
    ),
    Flag(
        ("--collect-model-data", "--md"),
        "dataCollection.storageEnabled",
        "Collect what goes in and out of the model.",
        BOOLEAN,
    ),
)

NETWORK = (
    Flag(("--vnet-name",), "vnetName", "Virtual network."),
    Flag(("--subnet-name",), "subnetName", "Its subnet."),
    Flag(("--vault-base-url",), "vaultBaseUrl", "Vault of the customer-managed key."),
    Flag(("--key-name",), "keyName", "Customer-managed key."),
    Flag(("--key-version",), "keyVersion", "Version of that key."),
)

AKS = (
    Flag(("--num-replicas", "--nr"), "numReplicas", "", click.INT),
    Flag(("--cpu-cores-limit", "--ccl"), "containerResourceRequirements.cpuLimit", "", click.FLOAT),
    Flag(
        ("--memory-gb-limit", "--gbl"),
        "containerResourceRequirements.memoryInGBLimit",
        "",
        click.FLOAT,
    ),
    Flag(("--gpu-cores", "--gc"), "gpuCores", "", click.INT),
    Flag(("--token-auth-enabled",), "tokenAuthEnabled", "", BOOLEAN),
    Flag(("--autoscale-enabled", "--as"), "autoScaler.autoscaleEnabled", "", BOOLEAN),
    Flag(("--autoscale-min-replicas", "--mi"), "autoScaler.minReplicas", "", click.INT),
    Flag(("--autoscale-max-replicas", "--ma"), "autoScaler.maxReplicas", "", click.INT),
    Flag(
        ("--autoscale-refresh-seconds", "--ar"),
        "autoScaler.refreshPeriodInSeconds",
        "",
        click.INT,
    ),
    Flag(("--autoscale-target-utilization", "--at"), "autoScaler.targetUtilization", "", click.INT),
    Flag(("--scoring-timeout-ms", "--tm"), "scoringTimeoutMs", "", click.INT),
    Flag(
        ("--replica-max-concurrent-requests", "--rm"),
        "maxConcurrentRequestsPerContainer",
        "",
        click.INT,
    ),
    Flag(("--max-request-wait-time", "--mr"), "maxQueueWaitMs", "", click.INT),
    Flag(("--period-seconds", "--ps"), "livenessProbeRequirements.periodSeconds", "", click.INT),
    Flag(
        ("--initial-delay-seconds", "--id"),
        "livenessProbeRequirements.initialDelaySeconds",
        "",
        click.INT,
    ),
    Flag(("--timeout-seconds", "--ts"), "livenessProbeRequirements.timeoutSeconds", "", click.INT),
    Flag(
        ("--success-threshold", "--st"), "livenessProbeRequirements.successThreshold", "", click.INT
    ),
    Flag(
        ("--failure-threshold", "--ft"), "livenessProbeRequirements.failureThreshold", "", click.INT
    ),
)

AKS_DEPLOY_ONLY = (
    Flag(("--compute-target", "--ct"), "computeTargetName", ""),
    Flag(("--namespace",), "namespace", ""),
    Flag(("--version-name", "--vn"), "versionName", ""),
    Flag(("--traffic-percentile", "--tp"), "trafficPercentile", "", click.FLOAT),
)

ENVIRONMENT_DIRECTORY = Option(
    "--environment-directory",
    "--ed",
    type=FILE_OR_FOLDER,
    group="What runs",
    help="Folder with azureml_environment.json.",
)


def options(flags: Iterable[Flag], group: str, *, hidden: bool = False) -> tuple[Option, ...]:
    """The click options of the rows, none of them required."""
    return tuple(
        Option(*flag.spellings, type=flag.type, group=group, hidden=hidden, help=flag.help)
        for flag in flags
    )


def overrides(flags: Iterable[Flag], given: Mapping[str, object]) -> tuple[Override, ...]:
    """The values that the user gave, of `given` parameters by name, in the order of the table."""
    from acideploy.config.values import Override

    return tuple(
        Override(key=flag.key, value=_plain(value), flag=flag.spellings[0])
        for flag in flags
        if (value := given.get(flag.parameter)) is not None and flag.is_meant_by(value)
    )


def _plain(value: object) -> object:
    """A path as the text that a file would hold; anything else as it is."""
    return value if isinstance(value, bool | int | float | str) else str(value)

"""What the retired tool made of real configuration files, and what we make of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from acideploy.config import Checked, read_deployment_config, read_inference_config
from acideploy.config.problem import Problem
from acideploy.config.values import (
    AciDeployment,
    AksDeployment,
    DeploymentConfig,
    Environment,
    InferenceConfig,
    LocalDeployment,
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One file, read from one directory. `agrees` is the verdict, `verdict` its reason."""

    file: str
    cwd: str
    retired: str
    ours: str
    verdict: str
    agrees: bool


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A reason of the retired tool's, and our problem codes that say the same.

    `defect` says why we accept instead, and `sign` is the code that shows that this is the case;
    without a sign, accepting needs none.
    """

    message: str
    codes: frozenset[str]
    defect: str | None = None
    sign: str | None = None


PATHS = "paths relative to the config file's own folder"
REFUSALS = (
    Refusal(
        message=r"(entry_script|Conda file|source directory|docker file steps) .* doesn't exist",
        codes=frozenset({"path-not-found"}),
        defect=PATHS,
        sign="path-beside-config",
    ),
    Refusal(message="need to specify entry_script", codes=frozenset({"missing-key", "v2-file"})),
    Refusal(
        message="unable to provide runtime",
        codes=frozenset({"environment-and-flat-keys"}),
        defect="false in quotes was true",
        sign="loose-type",
    ),
    Refusal(message="invalid name", codes=frozenset({"bad-entry-script-name"})),
    Refusal(message="Invalid driver type", codes=frozenset({"not-python"})),
    Refusal(
        message=r"Provided (runtime|cuda_version) not supported",
        codes=frozenset({"bad-value", "wrong-type"}),
        defect="a version number without quotes",
        sign="loose-type",
    ),
    Refusal(message="only one of base_dockerfile", codes=frozenset({"base-image-and-dockerfile"})),
    Refusal(message="UserErrorException", codes=frozenset({"script-syntax"})),
    Refusal(
        message="EnvironmentReference",
        codes=frozenset({"environment-reference"}),
        defect="an empty environment is one that is not given",
    ),
    Refusal(
        message="'(str|int|float|bool|list)' object",
        codes=frozenset({"environment-reference", "not-a-mapping", "wrong-type", "bad-value"}),
        defect="a value in or without quotes that can be read in one way only",
        sign="loose-type",
    ),
    Refusal(
        message="unknown deployment type",
        codes=frozenset({"bad-value", "missing-key", "unreplaced-variable"}),
        defect="blanks round a known compute type",
    ),
    Refusal(
        message="Need to specify computeType|indices must be integers|is not iterable",
        codes=frozenset({"missing-key", "not-a-mapping", "empty-file", "v2-file", "bad-syntax"}),
    ),
    Refusal(
        message="'NoneType' object",
        codes=frozenset({"misplaced-key", "empty-file", "missing-key"}),
        defect="a section without values is a section that is not given",
    ),
    Refusal(
        message="not supported between instances",
        codes=frozenset({"wrong-type", "unreplaced-variable"}),
        defect="a value in quotes that can be read in one way only",
        sign="loose-type",
    ),
    Refusal(
        message="JSONDecodeError|Must be valid JSON or YAML|UnicodeDecodeError",
        codes=frozenset({"bad-syntax", "not-a-mapping", "empty-file", "bad-encoding"}),
        defect="comments or another encoding",
    ),
    Refusal(
        message="positive|greater than|in range",
        codes=frozenset({"out-of-range", "wrong-type", "conflicting-keys", "unreplaced-variable"}),
        defect="a value in quotes that can be read in one way only",
        sign="loose-type",
    ),
    Refusal(
        message="SSL is enabled",
        codes=frozenset({"incomplete-keys", "unreplaced-variable"}),
        defect="false in quotes was true",
        sign="loose-type",
    ),
    Refusal(
        message="must all have values|autoscal|num_replicas|cannot both",
        codes=frozenset({"incomplete-keys", "conflicting-keys", "out-of-range"}),
    ),
    Refusal(
        message="unable to find SSL",
        codes=frozenset({"path-not-found", "bad-value"}),
        defect=PATHS,
        sign="path-beside-config",
    ),
)

# The retired tool's name for a value, and the key of the file that gives it.
AKS_KEYS = {
    "cpu_cores": "containerResourceRequirements.cpu",
    "memory_gb": "containerResourceRequirements.memoryInGB",
    "cpu_cores_limit": "containerResourceRequirements.cpuLimit",
    "memory_gb_limit": "containerResourceRequirements.memoryInGBLimit",
    "gpu_cores": "gpuCores",
    "auth_enabled": "authEnabled",
    "token_auth_enabled": "tokenAuthEnabled",
    "enable_app_insights": "appInsightsEnabled",
    "autoscale_enabled": "autoScaler.autoscaleEnabled",
    "autoscale_min_replicas": "autoScaler.minReplicas",
    "autoscale_max_replicas": "autoScaler.maxReplicas",
    "autoscale_refresh_seconds": "autoScaler.refreshPeriodInSeconds",
    "autoscale_target_utilization": "autoScaler.targetUtilization",
    "collect_model_data": "dataCollection.storageEnabled",
    "scoring_timeout_ms": "scoringTimeoutMs",
    "replica_max_concurrent_requests": "maxConcurrentRequestsPerContainer",
    "max_request_wait_time": "maxQueueWaitMs",
    "num_replicas": "numReplicas",
    "namespace": "namespace",
    "compute_target_name": "computeTargetName",
    "primary_key": "keys.primaryKey",
    "secondary_key": "keys.secondaryKey",
    "period_seconds": "livenessProbeRequirements.periodSeconds",
    "initial_delay_seconds": "livenessProbeRequirements.initialDelaySeconds",
    "timeout_seconds": "livenessProbeRequirements.timeoutSeconds",
    "success_threshold": "livenessProbeRequirements.successThreshold",
    "failure_threshold": "livenessProbeRequirements.failureThreshold",
    "version_name": "versionName",
    "traffic_percentile": "trafficPercentile",
}


def deployment_rows(corpus: Path) -> Iterator[Row]:
    for line in _lines(corpus / "oracle" / "deployment.tsv"):
        file, outcome, of_class, values, *_ = [*line, "", "", ""]
        checked = read_deployment_config(corpus / file, cwd=corpus)
        retired = "ok" if outcome == "ok" else values
        wrong = ""
        if outcome == "ok" and checked.value is not None:
            wrong = _deployment_difference(checked.value, of_class, json.loads(values or "{}"))
        yield _judge(file, file, "", retired, checked, wrong)


def inference_rows(corpus: Path, work: Path) -> Iterator[Row]:
    """Reads each config from its own folder, the folder above and the top of its repository.

    `work` is an empty folder for copies of the trees.
    """
    layout = {line[0]: line for line in _lines(corpus / "inference" / "layout.tsv")}
    for line in _lines(corpus / "oracle" / "inference.tsv"):
        number = Path(line[0]).stem
        tree = _copy_tree(corpus / "inference" / number, layout[number][2:-1], work / number)
        config = tree / layout[number][1]
        directories = (config.parent, config.parent.parent, tree)
        names = ("own folder", "folder above", "repository")
        for cwd, name, retired in zip(directories, names, line[1:4], strict=True):
            if retired != "-":
                checked = read_inference_config(config, cwd=cwd)
                wrong = ""
                if retired.startswith("ok") and checked.value is not None:
                    wrong = _inference_difference(checked.value, config, cwd)
                yield _judge(line[0], config.name, name, retired, checked, wrong)


def _judge(
    file: str, config: str, cwd: str, retired: str, checked: Checked[Any], wrong: str
) -> Row:
    codes = {problem.code for problem in checked.problems}
    errors = [problem for problem in checked.problems if problem.severity == "error"]
    accepted = checked.value is not None
    first = f"{errors[0].code}: {errors[0].message}" if errors else "no reason"
    if retired.startswith("ok"):
        agrees, verdict = accepted and not wrong, wrong or "the same values"
        if not accepted:
            agrees, verdict = _judge_new_refusal(config, errors)
    else:
        agrees, verdict = _judge_refusal(
            retired, codes, {problem.code for problem in errors}, accepted
        )
    return Row(
        file=file,
        cwd=cwd,
        retired=retired[:70],
        ours="ok" if accepted else first,
        verdict=verdict,
        agrees=agrees,
    )


def _judge_new_refusal(config: str, errors: Sequence[Problem]) -> tuple[bool, str]:
    """The retired tool read the config alone: other files failed when the service started."""
    in_config = [each for each in errors if each.place and each.place.file.endswith(config)]
    if not in_config:
        return True, "refused now: the entry script or the conda file could never have worked"
    if all(each.code == "entry-script-outside" for each in in_config):
        return True, "refused now: what is outside sourceDirectory was never deployed"
    return False, "accepted then, refused now"


def _judge_refusal(
    retired: str, codes: set[str], errors: set[str], accepted: bool
) -> tuple[bool, str]:
    rule = next((each for each in REFUSALS if re.search(each.message, retired)), None)
    if rule is None:
        return False, "no rule for this refusal"
    signed = rule.sign is None or rule.sign in codes
    if accepted:
        return bool(rule.defect and signed), f"accepted now: {rule.defect}"
    if errors & rule.codes:
        return True, "refused for the same cause"
    # Past its own defect, the retired tool would have met the next cause.
    return bool(rule.defect and rule.sign and signed), f"refused for the next cause ({rule.defect})"


def _deployment_difference(
    config: DeploymentConfig, of_class: str, expected: Mapping[str, Any]
) -> str:
    ours = {key: value for key, value in _retired_values(config).items() if value is not None}
    kinds = {"Aci": AciDeployment, "Aks": AksDeployment, "Loc": LocalDeployment}
    if not isinstance(config, kinds[of_class[:3]]):
        return f"read as {type(config).__name__}"
    for key in sorted({*ours, *expected}):
        if not _same(ours.get(key), expected.get(key)):
            return f"{key} is {ours.get(key)!r}, was {expected.get(key)!r}"
    return ""


def _same(ours: object, expected: object) -> bool:
    """Equal, or the reading of a value in quotes, or a path made absolute, or both empty."""
    if ours is None and expected is not False and expected in ("", 0):
        return True
    if isinstance(ours, Path):
        return str(ours).endswith(str(Path(str(expected))))
    return ours == expected or str(ours).lower() == str(expected).lower()


def _retired_values(config: DeploymentConfig) -> dict[str, Any]:
    """The values under the retired tool's names. For `local` it read the port alone."""
    match config:
        case LocalDeployment():
            return {"port": config.port}
        case AksDeployment():
            return {name: config.values.get(key) for name, key in AKS_KEYS.items()}
    serving = config.serving
    return {
        "cpu_cores": config.cpu,
        "memory_gb": config.memory_in_gb,
        "location": config.location,
        "auth_enabled": serving.auth_enabled,
        "ssl_enabled": serving.ssl_enabled,
        "enable_app_insights": serving.app_insights_enabled,
        "ssl_cert_pem_file": serving.ssl_certificate,
        "ssl_key_pem_file": serving.ssl_key,
        "ssl_cname": serving.cname,
        "dns_name_label": config.dns_name_label,
        "vnet_name": config.vnet_name,
        "subnet_name": config.subnet_name,
        "cmk_vault_base_url": config.vault_base_url,
        "cmk_key_name": config.key_name,
        "cmk_key_version": config.key_version,
        "primary_key": serving.primary_key,
        "secondary_key": serving.secondary_key,
        "collect_model_data": config.collect_model_data,
    }


def _inference_difference(config: InferenceConfig, file: Path, cwd: Path) -> str:
    """Compares with what the retired tool's rules make of the same text."""
    raw = _load(file)
    source = _absolute(cwd, raw["sourceDirectory"]) if raw.get("sourceDirectory") else None
    base = source or cwd
    pairs: list[tuple[str, object, object]] = [
        ("entry script", config.entry_script, _absolute(base, raw["entryScript"])),
        ("source directory", config.source_directory, source),
    ]
    if raw.get("environment"):
        pairs += _environment_pairs(config.environment or Environment(), raw["environment"])
    else:
        environment = config.environment or Environment()
        conda = environment.conda
        pairs += [
            ("conda file", conda and cwd / conda.place.file, _path(base, raw.get("condaFile"))),
            ("base image", environment.base_image, raw.get("baseImage") or None),
            (
                "Dockerfile steps",
                environment.extra_dockerfile_steps,
                _path(base, raw.get("extraDockerfileSteps")),
            ),
        ]
    for name, ours, expected in pairs:
        if ours != expected:
            return f"{name} is {ours}, was {expected}"
    return ""


def _environment_pairs(ours: Environment, raw: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    python, docker = raw.get("python") or {}, raw.get("docker") or {}
    inline = python.get("condaDependencies") or {}
    conda = ours.conda
    lines = [each for each in inline.get("dependencies", []) if isinstance(each, str)]
    pip = [each.get("pip", []) for each in inline.get("dependencies", []) if isinstance(each, dict)]
    asked = [conda.python] if conda and conda.python else []
    packages = [each.text for each in (*asked, *conda.packages)] if conda else []
    return [
        ("name", ours.name, raw.get("name")),
        ("version", ours.version, None if raw.get("version") is None else str(raw["version"])),
        ("variables", dict(ours.variables), raw.get("environmentVariables") or {}),
        ("user managed", ours.user_managed, bool(python.get("userManagedDependencies"))),
        ("base image", ours.base_image, docker.get("baseImage")),
        ("Dockerfile", ours.base_dockerfile, docker.get("baseDockerfile")),
        ("channels", conda.channels if conda else (), tuple(inline.get("channels", ()))),
        ("packages", sorted(packages), sorted(lines)),
        ("pip", [each.text for each in conda.pip] if conda else [], [x for xs in pip for x in xs]),
    ]


def _load(file: Path) -> Any:
    """As the retired tool did."""
    text = file.read_text(encoding="utf-8-sig")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return json.loads(text)


def _path(base: Path, text: str | None) -> Path | None:
    return _absolute(base, text) if text else None


def _absolute(base: Path, text: str) -> Path:
    return Path(os.path.abspath(base / text))


def _copy_tree(tree: Path, named: Iterable[str], copy: Path) -> Path:
    """The tree, writable, with the empty files that the layout places and the corpus left out."""
    shutil.copytree(tree, copy, copy_function=shutil.copyfile)
    for directory in (copy, *(each for each in copy.rglob("*") if each.is_dir())):
        directory.chmod(0o755)
    for column in named:
        found = re.search(r"-> (.+) \[(?!MISSING)", column)
        if found and not (copy / found[1]).exists():
            (copy / found[1]).touch()
    return copy


def _lines(table: Path) -> Iterable[list[str]]:
    """The rows below the heading, without comments."""
    for line in table.read_text(encoding="utf-8").splitlines()[1:]:
        if line.strip():
            yield line.split("\t")


def print_table(title: str, rows: Iterable[Row]) -> bool:
    """Prints every row and a summary. Returns whether all agree."""
    kept = list(rows)
    print(f"\n{title}\n")
    for row in kept:
        mark = " " if row.agrees else "!"
        print(f"{mark} {row.file:24} {row.cwd:12} {row.retired[:40]:40} | {row.ours[:70]}")
    print()
    for verdict, count in Counter((row.agrees, row.verdict) for row in kept).most_common():
        print(f"{count:5}  {'agrees' if verdict[0] else 'DIFFERS'}  {verdict[1]}")
    return all(row.agrees for row in kept)


def main(corpus: Path) -> int:
    with tempfile.TemporaryDirectory() as work:
        agree = [
            print_table("Deployment configs", deployment_rows(corpus)),
            print_table("Inference configs", inference_rows(corpus, Path(work).resolve())),
        ]
    return 0 if all(agree) else 1

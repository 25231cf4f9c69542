from __future__ import annotations

import json
from pathlib import Path

import pytest

from acideploy.api import DeployRequest, UpdateRequest
from acideploy.config.values import Override
from acideploy.plan import Action, Step
from tests.unit.cli.fake_workspace import FakeWorkspace, RunCli


def asked(workspace: FakeWorkspace) -> DeployRequest:
    (request,) = workspace.asked
    assert isinstance(request, DeployRequest)
    return request


def test_the_documented_command_line_reaches_the_workspace(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    outcome = cli(
        "model deploy -m iris:1 -m other -f a.json -n svc -ic ic.json -dc dc.json "
        "--tag a=b=c --tag d= --property p=q --description text --overwrite --no-wait "
        "--full-azureml --python 3.11 --strict --ed env"
    )
    assert outcome.code == 0
    request = asked(workspace)
    assert request.name == "svc"
    assert request.models == ("iris:1", "other")
    assert request.model_metadata_files == (Path("a.json"),)
    assert request.files.inference_config == Path("ic.json")
    assert request.files.deployment_config == Path("dc.json")
    assert request.files.environment_directory == Path("env")
    assert request.files.strict
    assert request.tags == {"a": "b=c", "d": ""}
    assert request.properties == {"p": "q"}
    assert request.description == "text"
    assert request.overwrite
    assert request.no_wait
    assert request.files.full_azureml
    assert request.files.python == "3.11"


@pytest.mark.parametrize(
    ("arguments", "key", "value"),
    [
        ("--compute-type LOCAL", "computeType", "LOCAL"),
        ("--cp aci", "computeType", "aci"),
        ("--cpu-cores 0.5", "containerResourceRequirements.cpu", 0.5),
        ("--cc 1", "containerResourceRequirements.cpu", 1.0),
        ("--memory-gb 2", "containerResourceRequirements.memoryInGB", 2.0),
        ("--port 6789", "port", 6789),
        ("--ae TRUE", "authEnabled", True),
        ("--auth-enabled False", "authEnabled", False),
        ("--kp one", "keys.primaryKey", "one"),
        ("--ks two", "keys.secondaryKey", "two"),
        ("--se true", "sslEnabled", True),
        ("--sp c.pem", "sslCertificate", "c.pem"),
        ("--sk k.pem", "sslKey", "k.pem"),
        ("--sc host", "cname", "host"),
        ("--dn label", "dnsNameLabel", "label"),
        ("--dns-name-label-scope noReuse", "dnsNameLabelScope", "noReuse"),
        ("--lo westeurope", "location", "westeurope"),
        ("--ai true", "appInsightsEnabled", True),
        ("--md true", "dataCollection.storageEnabled", True),
        ("--vnet-name v", "vnetName", "v"),
        ("--subnet-name s", "subnetName", "s"),
        ("--vault-base-url u", "vaultBaseUrl", "u"),
        ("--key-name k", "keyName", "k"),
        ("--key-version 1", "keyVersion", "1"),
    ],
)
def test_a_flag_overrides_its_key_of_the_deployment_config(
    cli: RunCli, workspace: FakeWorkspace, arguments: str, key: str, value: object
) -> None:
    assert cli(f"model deploy -n svc {arguments}").code == 0
    (override,) = asked(workspace).files.deployment_overrides
    assert (override.key, override.value) == (key, value)
    assert override.flag.startswith("--")


@pytest.mark.parametrize(
    ("arguments", "key", "value"),
    [
        ("--es s.py", "entryScript", "s.py"),
        ("--sd src", "sourceDirectory", "src"),
        ("--cf c.yml", "condaFile", "c.yml"),
        ("--rt python", "runtime", "python"),
        ("--bi image", "baseImage", "image"),
        ("--ir registry", "baseImageRegistry", "registry"),
        ("--ds steps", "extraDockerfileSteps", "steps"),
        ("--cv 9.0", "cudaVersion", "9.0"),
        ("--eg false", "enableGpu", False),
        ("-e name", "environment.name", "name"),
        ("--ev 2", "environment.version", "2"),
    ],
)
def test_a_flag_overrides_its_key_of_the_inference_config(
    cli: RunCli, workspace: FakeWorkspace, arguments: str, key: str, value: object
) -> None:
    assert cli(f"model deploy -n svc {arguments}").code == 0
    (override,) = asked(workspace).files.inference_overrides
    assert (override.key, override.value) == (key, value)


def test_a_profile_wins_over_flags(cli: RunCli, workspace: FakeWorkspace, tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text('{"cpu": 1.5, "memoryInGB": 2}')
    assert cli("model deploy -n svc --cc 1 --pi", str(profile)).code == 0
    cpu = "containerResourceRequirements.cpu"
    assert [each.value for each in asked(workspace).files.deployment_overrides] == [1.0, 1.5, 2.0]
    assert asked(workspace).files.deployment_overrides[1] == Override(
        key=cpu, value=1.5, flag="--profile-input"
    )


@pytest.mark.parametrize("content", ["", "[]", '{"cpu": 1}', '{"cpu": [], "memoryInGB": 1}'])
def test_a_wrong_profile_is_a_configuration_error(
    cli: RunCli, tmp_path: Path, content: str
) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text(content)
    outcome = cli("model deploy -n svc --pi", str(profile))
    assert outcome.code == 3
    assert f"{profile}: error: the profile cannot be used" in outcome.err


def test_flags_for_aks_are_noted_and_change_nothing(cli: RunCli, workspace: FakeWorkspace) -> None:
    outcome = cli("model deploy -n svc -ct aks --nr 3 --gc 0")
    assert outcome.code == 0
    assert "--compute-target: note: --compute-target means something on AKS only" in outcome.err
    assert "--num-replicas: note:" in outcome.err
    assert asked(workspace).files.deployment_overrides == ()


@pytest.mark.parametrize("flag", ["--enable-gpu=true", "--gpu-cores=1"])
def test_a_gpu_is_refused(cli: RunCli, workspace: FakeWorkspace, flag: str) -> None:
    outcome = cli("model deploy -n svc", flag)
    assert outcome.code == 12
    assert "offers no GPU" in outcome.err
    assert workspace.asked == []


def test_only_errors_are_shown_when_asked_for(cli: RunCli) -> None:
    outcome = cli("model deploy -n svc --ct aks --only-show-errors")
    assert outcome.err == ""


def test_the_result_is_the_short_service(cli: RunCli) -> None:
    outcome = cli("model deploy -n iris-svc -w ws -g rg")
    assert json.loads(outcome.out)["scoringUri"] == "http://localhost:6789/score"
    assert outcome.err == ""


def test_a_dry_run_shows_the_plan_and_deploys_nothing(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    outcome = cli("model deploy -n svc --dry-run")
    assert outcome.out.splitlines() == [
        "plan for svc (local):",
        "  make environment   the conda file changed",
        "  start service svc  there is no service of that name",
    ]
    assert workspace.asked == ["plan"]


def test_a_dry_run_as_json(cli: RunCli) -> None:
    outcome = cli("model deploy -n svc --dry-run -o json")
    assert json.loads(outcome.out)["steps"][0]["action"] == "make"


@pytest.mark.parametrize(
    ("form", "lines"),
    [
        (
            "table",
            [
                "Action  Subject      Cause",
                "------  -----------  --------------------------------",
                "make    environment  the conda file changed",
                "start   service svc  there is no service of that name",
            ],
        ),
        (
            "tsv",
            [
                "make\tenvironment\tthe conda file changed",
                "start\tservice svc\tthere is no service of that name",
            ],
        ),
    ],
)
def test_a_dry_run_has_a_row_per_step(cli: RunCli, form: str, lines: list[str]) -> None:
    assert cli(f"model deploy -n svc --dry-run -o {form}").out.splitlines() == lines


def test_a_query_of_a_dry_run_sees_the_whole_plan(cli: RunCli) -> None:
    outcome = cli("model deploy -n svc --dry-run --query steps[].action -o tsv")
    assert outcome.out == "make\nstart\n"


@pytest.mark.parametrize("action", ["replace", "keep"])
def test_a_dry_run_ends_as_the_deploy_would_where_the_service_exists(
    cli: RunCli, workspace: FakeWorkspace, action: Action
) -> None:
    workspace.steps = (Step(action=action, subject="service svc", cause="changed: code"),)
    outcome = cli("model deploy -n svc --dry-run")
    assert outcome.code == 5
    assert outcome.out == f"plan for svc (local):\n  {action} service svc  changed: code\n"
    assert outcome.err.splitlines() == [
        "acideploy: error: a service named 'svc' exists",
        "hint: add `--overwrite` to replace it",
    ]
    assert json.loads(cli("model deploy -n svc --dry-run -o json").out)["service"] == "svc"
    assert cli("model deploy -n svc --dry-run --overwrite").code == 0


def test_an_update_reaches_the_workspace(cli: RunCli, workspace: FakeWorkspace) -> None:
    outcome = cli(
        "service update -n svc -d text --add-tag a=b --remove-tag c --add-property p=q "
        "-m iris:2 -dc dc.json --ae true --no-wait"
    )
    assert outcome.code == 0
    (request,) = workspace.asked
    assert isinstance(request, UpdateRequest)
    assert request.description == "text"
    assert request.add_tags == {"a": "b"}
    assert request.remove_tags == ("c",)
    assert request.add_properties == {"p": "q"}
    assert request.models == ("iris:2",)
    assert request.files.deployment_config == Path("dc.json")
    assert [each.key for each in request.files.deployment_overrides] == ["authEnabled"]


@pytest.mark.parametrize("arguments", ["--tag novalue", "--ae yes", "--port x", "--cc much"])
def test_a_value_of_the_wrong_kind_is_wrong_usage(cli: RunCli, arguments: str) -> None:
    outcome = cli(f"model deploy -n svc {arguments}")
    assert outcome.code == 2
    assert outcome.err.startswith("acideploy: error: invalid value for '--")


@pytest.mark.parametrize(("flag", "rehearse"), [("", False), ("--rehearse", True)])
def test_a_deploy_is_rehearsed_where_that_is_asked_for(
    cli: RunCli, workspace: FakeWorkspace, flag: str, rehearse: bool
) -> None:
    assert cli(f"model deploy -n svc -m iris:1 -ic i.json -dc d.json {flag}").code == 0
    [request] = workspace.asked
    assert isinstance(request, DeployRequest)
    assert request.rehearse is rehearse

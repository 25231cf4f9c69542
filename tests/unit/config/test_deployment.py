"""Deployment configs."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.config import Checked, read_deployment_config
from acideploy.config.values import (
    AciDeployment,
    AksDeployment,
    DeploymentConfig,
    Limits,
    LocalDeployment,
    Override,
    Serving,
)

ACI = "computeType: ACI\n"


def _read(tmp_path: Path, text: str, *overrides: Override) -> Checked[DeploymentConfig]:
    folder = tmp_path / "deploy"
    folder.mkdir(exist_ok=True)
    (folder / "dc.yml").write_text(text)
    return read_deployment_config(Path("deploy/dc.yml"), overrides=overrides, cwd=tmp_path)


def _told(checked: Checked[DeploymentConfig]) -> list[str]:
    return [f"{each.severity} {each.code}" for each in checked.problems]


def test_an_aci_config_is_read_whole(tmp_path: Path) -> None:
    checked = _read(
        tmp_path,
        ACI + "containerResourceRequirements: {cpu: 0.5, memoryInGB: 1}\nlocation: West Europe\n"
        "authEnabled: yes\nkeys: {primaryKey: a, secondaryKey: b}\ndnsNameLabel: my-label\n"
        "vaultBaseUrl: u\nkeyName: n\nkeyVersion: v\nappInsightsEnabled: false\n",
    )
    assert checked.problems == ()
    assert checked.value == AciDeployment(
        cpu=0.5,
        memory_in_gb=1,
        location="West Europe",
        dns_name_label="my-label",
        vault_base_url="u",
        key_name="n",
        key_version="v",
        serving=Serving(
            auth_enabled=True, primary_key="a", secondary_key="b", app_insights_enabled=False
        ),
    )


@pytest.mark.parametrize(
    ("word", "scope"),
    [
        ("unsecure", "unsecure"),
        ("tenantReuse", "tenantReuse"),
        ("ResourceGroupReuse", "resourceGroupReuse"),
        ("Noreuse", "noReuse"),
    ],
)
def test_the_reuse_of_a_host_name_is_read_in_azures_spelling_too(
    tmp_path: Path, word: str, scope: str
) -> None:
    checked = _read(tmp_path, f"{ACI}dnsNameLabelScope: {word}")
    assert (_told(checked), checked.value) == ([], AciDeployment(dns_name_label_scope=scope))  # type: ignore[arg-type]


@pytest.mark.parametrize("word", ["local", "LOCAL", " Local "])
def test_a_local_config_is_read_in_any_case(tmp_path: Path, word: str) -> None:
    text = f"computeType: '{word}'\nport: 6789\ncontainerResourceRequirements: {{cpu: 1}}"
    assert _read(tmp_path, text).value == LocalDeployment(port=6789, limits=Limits(cpu=1))
    assert _read(tmp_path, f"computeType: '{word}'\nport: 0").value == LocalDeployment()


def test_an_aks_config_is_read_by_dotted_keys(tmp_path: Path) -> None:
    checked = _read(tmp_path, "computeType: AKS\nautoScaler: {autoscaleEnabled: true}\ngpuCores: 1")
    assert checked.value == AksDeployment(
        compute_type="aks", values={"autoScaler.autoscaleEnabled": True, "gpuCores": 1}
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("authEnabled: true", "missing-key"),
        ("computeType: ''", "missing-key"),
        ("computeType: vm", "bad-value"),
        ("computeType: [aci]", "wrong-type"),
    ],
)
def test_a_config_without_a_compute_type_is_refused(tmp_path: Path, text: str, code: str) -> None:
    checked = _read(tmp_path, text)
    assert checked.value is None
    assert [each.code for each in checked.problems] == [code]


def test_the_rest_is_checked_even_so(tmp_path: Path) -> None:
    told = _told(_read(tmp_path, "cpu: 1\nauthEnabled: maybe"))
    assert told == ["error missing-key", "warning misplaced-key", "error wrong-type"]


def test_an_inference_config_is_recognised(tmp_path: Path) -> None:
    (problem, *_) = _read(tmp_path, "entryScript: score.py").problems
    assert problem.hint is not None
    assert "-ic" in problem.hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("ComputeType: aci", "write computeType instead of ComputeType"),
        ("compute_type: aci", "write computeType instead of compute_type"),
        ("deployment: {computeType: aci}", "it is inside deployment: its keys belong at the top"),
        ("cpu: 1", 'add "computeType": "local" or "aci"'),
    ],
)
def test_where_the_compute_type_went_is_told(tmp_path: Path, text: str, hint: str) -> None:
    hints = [each.hint or "" for each in _read(tmp_path, text).problems if each.hint]
    assert [each for each in hints if each.startswith(hint)]


def test_a_file_of_version_2_is_recognised(tmp_path: Path) -> None:
    assert "error v2-file" in _told(_read(tmp_path, "endpoint_name: e\ninstance_type: x"))


@pytest.mark.parametrize(
    "text",
    [
        "computeType: $(Type)",
        ACI + "authEnabled: ${AUTH}",
        ACI + "containerResourceRequirements: {cpu: '#{CPU}#'}",
        ACI + "containerResourceRequirements: {cpu: '%CPU%'}",
    ],
)
def test_a_variable_in_place_of_a_value_is_the_cause_that_is_told(
    tmp_path: Path, text: str
) -> None:
    checked = _read(tmp_path, text)
    assert _told(checked) == ["error unreplaced-variable"]
    assert checked.value is None


@pytest.mark.parametrize("label", ["$(label)", "{{ label }}"])
def test_a_variable_is_told_once(tmp_path: Path, label: str) -> None:
    told = _told(_read(tmp_path, f"{ACI}dnsNameLabel: '{label}'"))
    assert told == ["warning unreplaced-variable"]


def test_none_as_python_writes_it_is_pointed_out(tmp_path: Path) -> None:
    assert _told(_read(tmp_path, ACI + "location: None")) == ["warning bad-value"]


def test_flags_win_key_by_key(tmp_path: Path) -> None:
    checked = _read(
        tmp_path,
        "computeType: foo\ncontainerResourceRequirements: {cpu: 1, memoryInGB: 2}\nauthEnabled: x",
        Override(key="computeType", value="aci", flag="--cp"),
        Override(key="containerResourceRequirements.cpu", value=4.0, flag="--cc"),
        Override(key="authEnabled", value=False, flag="--ae"),
        Override(key="location", value=None, flag="--lo"),
    )
    assert checked.problems == ()
    assert checked.value == AciDeployment(
        cpu=4.0, memory_in_gb=2, serving=Serving(auth_enabled=False)
    )


def test_flags_alone_are_enough(tmp_path: Path) -> None:
    flag = Override(key="computeType", value="local", flag="--compute-type")
    assert read_deployment_config(None, overrides=[flag], cwd=tmp_path).value == LocalDeployment()
    checked = read_deployment_config(None, cwd=tmp_path)
    assert [(each.code, str(each.place)) for each in checked.problems] == [
        ("missing-key", "--compute-type")
    ]


def test_a_flag_out_of_range_is_told_at_the_flag(tmp_path: Path) -> None:
    flag = Override(key="containerResourceRequirements.cpu", value=-1.0, flag="--cpu-cores")
    (problem,) = _read(tmp_path, ACI, flag).problems
    assert (problem.code, str(problem.place)) == ("out-of-range", "--cpu-cores")


@pytest.mark.parametrize("text", ["containerResourceRequirements:", "keys: null", "sslKey: ''"])
def test_a_section_without_a_value_is_not_given(tmp_path: Path, text: str) -> None:
    checked = _read(tmp_path, ACI + text)
    assert checked.value == AciDeployment()
    assert checked.problems == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("keys: {secondaryKey: b}\nauthEnabled: true", "warning incomplete-keys"),
        ("keys: {primaryKey: b}", "warning unused-key"),
        ("sslCertificate: c.pem\nsslKey: k.pem", "warning unused-key"),
        ("sslEnabled: true", "error incomplete-keys"),
        ("vnetName: a", "error incomplete-keys"),
        ("subnetName: a", "error incomplete-keys"),
        ("vaultBaseUrl: a\nkeyName: b", "error incomplete-keys"),
        ("vnetName: a\nsubnetName: b\ndnsNameLabel: labels", "warning conflicting-keys"),
        ("dnsNameLabel: my_label", "warning bad-value"),
        ("dnsNameLabelScope: mine", "error bad-value"),
        ("location: $(region)", "warning unreplaced-variable"),
    ],
)
def test_keys_that_depend_on_each_other_are_checked(tmp_path: Path, text: str, told: str) -> None:
    assert _told(_read(tmp_path, ACI + text))[:1] == [told]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("numReplicas: 2", []),
        ("autoScaler: {autoscaleEnabled: true, minReplicas: 1, maxReplicas: 3}", []),
        ("autoScaler: {autoscaleEnabled: true}\nnumReplicas: 2", ["error conflicting-keys"]),
        (
            "autoScaler: {autoscaleEnabled: true, minReplicas: 3, maxReplicas: 1}",
            ["error conflicting-keys"],
        ),
        ("autoScaler: {autoscaleEnabled: false}", ["error incomplete-keys"]),
        ("autoScaler: {maxReplicas: 3}", ["error conflicting-keys"]),
        ("authEnabled: true\ntokenAuthEnabled: true", ["error conflicting-keys"]),
        ("containerResourceRequirements: {cpu: 2, cpuLimit: 1}", ["error conflicting-keys"]),
        ("containerResourceRequirements: {cpu: 1, cpuLimit: 2}", []),
    ],
)
def test_aks_keys_follow_the_retired_rules(tmp_path: Path, text: str, told: list[str]) -> None:
    assert _told(_read(tmp_path, "computeType: aks\n" + text)) == told


def test_certificates_are_found_like_other_paths(tmp_path: Path) -> None:
    (tmp_path / "c.pem").touch()
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "k.pem").touch()
    text = ACI + "sslEnabled: true\nsslCertificate: c.pem\nsslKey: k.pem\ncname: a.b"
    checked = _read(tmp_path, text)
    assert isinstance(checked.value, AciDeployment)
    assert checked.value.serving.ssl_certificate == tmp_path / "c.pem"
    assert checked.value.serving.ssl_key == tmp_path / "deploy" / "k.pem"
    assert _told(checked) == ["note path-beside-config"]
    assert _told(_read(tmp_path, text.replace("c.pem", "d.pem")))[0] == "error path-not-found"


def test_pem_text_in_place_of_a_path_is_refused(tmp_path: Path) -> None:
    text = ACI + "sslCertificate: '-----BEGIN CERTIFICATE-----'"
    assert "error bad-value" in _told(_read(tmp_path, text))


def test_collecting_data_is_a_flag_s_business(tmp_path: Path) -> None:
    text = ACI + "dataCollection: {storageEnabled: true}"
    assert _told(_read(tmp_path, text)) == ["warning ignored-key"]
    flag = Override(key="dataCollection.storageEnabled", value=True, flag="--md")
    assert _read(tmp_path, ACI, flag).value == AciDeployment(collect_model_data=True)

"""The kinds of tables that the schemas describe."""

from __future__ import annotations

from dataclasses import dataclass

from acideploy.config.schema import Fragment, load_schema, resolve

# Keys of `az ml` v2's deployment file.
V2_KEYS = frozenset({"code_configuration", "endpoint_name", "instance_type"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of table: its schema, and the names of the kinds whose keys it may be given."""

    name: str
    root: Fragment
    fragment: Fragment
    relatives: tuple[str, ...] = ()


def inference_kind() -> Kind:
    root = load_schema("inferenceconfig")
    return Kind(name="inference config", root=root, fragment=root)


def environment_kind() -> Kind:
    """An environment object by itself, as in `azureml_environment.json`."""
    root = load_schema("inferenceconfig")
    fragment = resolve(root["properties"]["environment"], root)
    return Kind(name="environment", root=root, fragment=fragment)


def conda_kind() -> Kind:
    root = load_schema("inferenceconfig")
    return Kind(name="conda file", root=root, fragment=root["$defs"]["conda"])


def deployment_kind(compute_type: str) -> Kind:
    root = load_schema("deploymentconfig")
    return Kind(
        name=compute_type,
        root=root,
        fragment=root["$defs"][compute_type],
        relatives=("aci", "local", "aks", "aksendpoint"),
    )

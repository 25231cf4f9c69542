"""The schemas themselves."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from acideploy.config.deployment import COMPUTE_TYPES
from acideploy.config.schema import SchemaName, dotted_keys, load_schema, schema_file, types

NAMES: tuple[SchemaName, ...] = ("inferenceconfig", "deploymentconfig")


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_is_a_json_schema(name: SchemaName) -> None:
    Draft202012Validator.check_schema(json.loads(schema_file(name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", NAMES)
def test_every_key_has_help_for_an_editor(name: SchemaName) -> None:
    root = load_schema(name)
    for fragment in (root, *root["$defs"].values()):
        for key, each in dotted_keys(fragment, root):
            assert each.get("description", "").endswith("."), key
            assert (
                types(each) or "of no effect" in each["description"].lower() or "x-ignored" in each
            ), key


def test_a_flag_gives_one_key() -> None:
    for name in NAMES:
        root = load_schema(name)
        tables = [root["$defs"][each] for each in COMPUTE_TYPES if each in root["$defs"]] or [root]
        for table in tables:
            flags = [
                flag for _, each in dotted_keys(table, root) for flag in each.get("x-flags", ())
            ]
            assert len(flags) == len(set(flags))


def test_an_editor_accepts_good_files_and_refuses_bad_ones() -> None:
    deployment = Draft202012Validator(load_schema("deploymentconfig"))
    inference = Draft202012Validator(load_schema("inferenceconfig"))
    assert deployment.is_valid({"computeType": "ACI", "dnsNameLabel": "abcde", "location": None})
    assert deployment.is_valid({"computeType": "local", "port": 80})
    assert not deployment.is_valid({"computeType": "aci", "port": 80})
    assert not deployment.is_valid({"computeType": "aci", "vnetName": "x"})
    assert not deployment.is_valid({"computeType": "vm"})
    assert not deployment.is_valid({})
    assert inference.is_valid({"entryScript": "score.py", "environment": {"name": "x"}})
    assert not inference.is_valid({"entry_script": "score.py"})


def test_the_keys_of_a_local_service_are_known_to_the_others() -> None:
    root = load_schema("deploymentconfig")
    local = {key for key, _ in dotted_keys(root["$defs"]["local"], root)}
    aci = {key for key, _ in dotted_keys(root["$defs"]["aci"], root)}
    assert local - aci == {"port", "runtime"}

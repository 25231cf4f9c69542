"""The tables of flags say the same as the schemas, which have the last word about keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from acideploy.cli import flags
from acideploy.config.schema import Fragment, SchemaName, load_schema, properties, resolve

# Taken from a request, not from a file: `DeployRequest.description`.
NOT_OVERRIDES = {("--description",)}


def flags_of(schema: SchemaName) -> dict[tuple[str, ...], str]:
    """Spellings to the last part of the key, of every key that has flags."""
    root = load_schema(schema)
    found = dict(pair for table in (root, *root["$defs"].values()) for pair in walk(table, root))
    return {spellings: key for spellings, key in found.items() if spellings not in NOT_OVERRIDES}


def walk(fragment: Fragment, root: Fragment) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, each in properties(fragment, root).items():
        if "x-flags" in each:
            yield tuple(each["x-flags"]), key
        yield from walk(resolve(each, root), root)


@pytest.mark.parametrize(
    ("schema", "tables"),
    [
        ("inferenceconfig", [flags.INFERENCE]),
        (
            "deploymentconfig",
            [
                [flags.COMPUTE_TYPE, flags.RUNTIME],
                flags.DEPLOYMENT,
                flags.NETWORK,
                flags.AKS,
                flags.AKS_DEPLOY_ONLY,
            ],
        ),
    ],
)
def test_every_flag_of_a_schema_is_in_the_tables_with_its_key(
    schema: SchemaName, tables: list[list[flags.Flag]]
) -> None:
    ours = {flag.spellings: flag.key.split(".")[-1] for table in tables for flag in table}
    assert ours == flags_of(schema)


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("container", "deployment"),
        ("Process", "deployment"),
        ("auto", "deployment"),
        ("python", "inference"),
        ("python-slim", "inference"),
        ("nonsense", "inference"),
    ],
)
def test_what_follows_runtime_says_which_file_it_stands_for(word: str, key: str) -> None:
    given = {"runtime": word}
    found = {
        "inference": flags.overrides(flags.INFERENCE, given),
        "deployment": flags.overrides([flags.RUNTIME], given),
    }
    assert [name for name, overrides in found.items() if overrides] == [key]

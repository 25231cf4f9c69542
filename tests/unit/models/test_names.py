from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from acideploy.models import NAME
from acideploy.models.names import from_reference, model_ids, model_names, to_reference

# https://github.com/opencontainers/image-spec/blob/v1.1.0/annotations.md, `ref.name`
_COMPONENT = r"[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*"
REFERENCE = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")

NAMES = [
    "iris",
    "Iris",
    "sklearn_regression_model.pkl",
    "a--b",
    "a..b",
    "a---b",
    "a_",
    "a._-",
    "a.",
    "0",
    "x" * 255,
    "a" + "_" * 254,
]


@pytest.mark.parametrize("name", NAMES)
def test_every_model_name_has_a_reference_that_the_specification_allows(name: str) -> None:
    assert NAME.fullmatch(name)
    assert REFERENCE.fullmatch(to_reference(name, 7))


@pytest.mark.parametrize("name", NAMES)
def test_a_reference_gives_the_name_and_version_back(name: str) -> None:
    assert from_reference(to_reference(name, 12)) == (name, 12)


def test_plain_names_are_written_as_they_are() -> None:
    assert to_reference("my-model_v1.2", 3) == "models/my-model_v1.2:3"


@pytest.mark.parametrize(
    "reference",
    [
        None,
        "",
        "base",
        "models/iris",
        "models/iris:0",
        "models/iris:latest",
        "models/a+zz+b:1",
        "models/a+2f2e2e2f+b:1",
    ],
)
def test_other_references_are_not_models(reference: str | None) -> None:
    assert from_reference(reference) is None


def test_completion_lists_names_once_and_versions_in_order(tmp_path: Path) -> None:
    references = ["models/iris:10", "models/iris:9", "models/a..b:1", "some-image"]
    references = [to_reference("a..b", 1) if "a..b" in each else each for each in references]
    manifests = [
        {"annotations": {"org.opencontainers.image.ref.name": each}} for each in references
    ]
    (tmp_path / "index.json").write_text(json.dumps({"manifests": [*manifests, {}]}))
    assert model_names(tmp_path) == ["a..b", "iris"]
    assert model_ids(tmp_path) == ["a..b:1", "iris:9", "iris:10"]


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"manifests": [3]}', "\ud800"])
def test_completion_is_silent_about_a_layout_that_cannot_be_read(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "index.json").write_bytes(content.encode(errors="surrogatepass"))
    assert model_names(tmp_path) == []

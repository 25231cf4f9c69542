"""Model metadata files."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.config import ModelMetadata, read_model_metadata


def test_a_metadata_file_names_the_model_and_its_workspace(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text('{"modelId": "m:1", "workspaceName": "w", "resourceGroupName": "g"}')
    assert read_model_metadata(path, cwd=tmp_path).value == ModelMetadata(
        model_id="m:1", workspace_name="w", resource_group_name="g"
    )
    path.write_text('{"modelId": "m:1"}')
    assert read_model_metadata(path).value == ModelMetadata(model_id="m:1")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{}", "missing-key"),
        ('{"workspaceName": "w"}', "missing-key"),
        ('{"modelId": ["m:1"]}', "missing-key"),
        ('{"modelId": "m:1"', "bad-syntax"),
        ("[]", "not-a-mapping"),
        (None, "file-not-found"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str | None, code: str) -> None:
    path = tmp_path / "m.json"
    if text is not None:
        path.write_text(text)
    checked = read_model_metadata(path, cwd=tmp_path)
    assert checked.value is None
    assert [each.code for each in checked.problems] == [code]

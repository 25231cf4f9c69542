"""What `model register -t` writes and `model deploy -f` reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from acideploy.config.checked import Checked, Findings
from acideploy.config.document import Scalar, Table, is_blank
from acideploy.config.paths import absolute
from acideploy.config.read import read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMetadata:
    """`model_id` is `name:version`. The other two name the Azure ML workspace, if any."""

    model_id: str
    workspace_name: str | None = None
    resource_group_name: str | None = None


def read_model_metadata(path: Path, *, cwd: Path | None = None) -> Checked[ModelMetadata]:
    findings = Findings()
    directory = cwd or Path.cwd()
    table = read_table(absolute(directory, str(path)), cwd=directory, findings=findings, typed=path)
    model = _text(table, "modelId")
    if table is None or model is None:
        if table is not None:
            findings.error(
                "missing-key",
                "modelId is missing, so this is not a model's metadata file",
                table.place,
                "acideploy model register -n NAME -p PATH -t FILE writes one",
            )
        return findings.checked(None)
    return findings.checked(
        ModelMetadata(
            model_id=model,
            workspace_name=_text(table, "workspaceName"),
            resource_group_name=_text(table, "resourceGroupName"),
        )
    )


def _text(table: Table | None, key: str) -> str | None:
    node = table.node(key) if table else None
    return node.text if isinstance(node, Scalar) and not is_blank(node) else None

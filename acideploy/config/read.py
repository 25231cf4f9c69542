"""From a file to its tree, whichever of JSON and YAML it is written in."""

from __future__ import annotations

from pathlib import Path

from acideploy.config.checked import Findings
from acideploy.config.document import Items, Node, Table, is_null, scalars
from acideploy.config.json_reader import looks_like_json, read_json
from acideploy.config.slip import Excess, Slip, guess_hint, merge_conflict, space_after_colon
from acideploy.config.source import Source, hides_secret, read_source
from acideploy.config.yaml_reader import read_yaml


def read_table(
    path: Path,
    *,
    cwd: Path,
    findings: Findings,
    typed: Path | None = None,
    may_be_empty: bool = False,
) -> Table | None:
    """Reads a file whose top level is a mapping, and shows its name as `typed`, where it was.

    Returns None, with the reason among the findings, when it is not that.
    """
    source = read_source(path, cwd=cwd, findings=findings, typed=typed)
    return None if source is None else table_of(source, findings, may_be_empty=may_be_empty)


def table_of(source: Source, findings: Findings, *, may_be_empty: bool = False) -> Table | None:
    try:
        node = _read(source, findings)
    except Slip as slip:
        _report_slip(slip, source, findings)
        return None
    if node is None or is_null(node):
        report = findings.warning if may_be_empty else findings.error
        report("empty-file", f"{source.file} is empty", source.place(0))
        return Table(place=source.place(0), entries={}) if may_be_empty else None
    if isinstance(node, Table):
        return node
    _report_no_keys(node, source, findings)
    return None


def _read(source: Source, findings: Findings) -> Node | None:
    """JSON's rules first for what begins like JSON; then YAML's, of which most JSON is a part."""
    if not looks_like_json(source.text):
        return read_yaml(source, findings)
    attempt = Findings()
    try:
        node = read_json(source, attempt)
    except Excess:
        raise
    except Slip as slip:
        return _read_after(slip, source, findings)
    findings.extend(attempt.problems)
    return node


def _read_after(json_slip: Slip, source: Source, findings: Findings) -> Node | None:
    """Reads as YAML; when that fails too, the reader that came further knows the reason better."""
    attempt = Findings()
    try:
        node = read_yaml(source, attempt)
    except Slip as yaml_slip:
        if source.text.startswith('"', json_slip.offset):
            # A quote or a comma is missing, of which YAML, whose texts span lines, has no idea.
            raise json_slip from None
        raise max(json_slip, yaml_slip, key=lambda slip: slip.offset) from None
    if node is not None and _holds_swallowed_key(node, source):
        raise json_slip
    findings.extend(attempt.problems)
    return node


def _holds_swallowed_key(node: Node, source: Source) -> bool:
    """Whether a comma is missing that YAML does not miss: it reads `1 "b":2` as one text."""
    for _, scalar in scalars(node):
        place = scalar.place
        if '":' in scalar.text and place.line and place.column:
            start = source.line(place.line)[place.column - 1 :]
            if not start.startswith(('"', "'")):
                return True
    return False


def _report_conflict(source: Source, findings: Findings) -> bool:
    conflict = merge_conflict(source)
    if conflict:
        findings.error(
            "bad-syntax", "a merge conflict was left in the file", conflict, "keep one side of it"
        )
    return conflict is not None


def _report_slip(slip: Slip, source: Source, findings: Findings) -> None:
    place = source.place(slip.offset)
    if _report_conflict(source, findings):
        return
    if hides_secret(place):
        # Message and hint may quote what stands there.
        findings.error("bad-syntax", "this line is neither JSON nor YAML", place)
    else:
        findings.error("bad-syntax", slip.message, place, guess_hint(source, slip))


def _report_no_keys(node: Node, source: Source, findings: Findings) -> None:
    if _report_conflict(source, findings):
        return
    found = ", found a list" if isinstance(node, Items) else ""
    findings.error(
        "not-a-mapping",
        f"expected keys with values{found}",
        node.place,
        _why_no_keys(node, source),
    )


def _why_no_keys(node: Node, source: Source) -> str:
    line = source.line(node.place.line or 1)
    return space_after_colon(line, source.text) or 'write it as {"key": value} or as key: value'

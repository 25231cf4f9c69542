"""Keys that are not in the schema: what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

from acideploy.config.checked import Findings
from acideploy.config.document import Entry, Table, is_null
from acideploy.config.kinds import Kind
from acideploy.config.problem import Place
from acideploy.config.schema import dotted_keys
from acideploy.config.spelling import known_as, nearest_key

# A file with more is not a configuration; finding what each was meant to be takes time.
MOST_REPORTED = 25
# `cpu:1`, which YAML takes for one word.
KEY_AND_VALUE = re.compile(r"(\w+)[\"']?:\S")


def report_unknown_keys(
    keys: Sequence[str], above: str, *, table: Table, kind: Kind, findings: Findings
) -> None:
    """Reports the keys of `table` that the schema of `kind` does not have there.

    `above` is the dotted name of that table.
    """
    for key in keys[:MOST_REPORTED]:
        _report(key, above, table, kind, findings)
    if rest := keys[MOST_REPORTED:]:
        place = table.entries[rest[0]].place
        findings.warning("unknown-key", f"{len(rest):,} more keys here are unknown", place)


def _report(key: str, above: str, table: Table, kind: Kind, findings: Findings) -> None:
    entry = table.entries[key]
    name = f"{above}.{key}" if above else key
    if is_null(entry.node) and (found := KEY_AND_VALUE.search(key)):
        findings.warning(
            "unknown-key",
            f"{key!r} is a key without a value, so it is ignored",
            entry.place,
            f"put a space after the colon: {found[1]}: ...",
        )
        return
    meant = known_as(key, above, kind.fragment, kind.root)
    if meant is None and _belongs_elsewhere(key, above, entry.place, kind, findings):
        return
    meant = meant or nearest_key(key, above, kind.fragment, kind.root)
    home, _, last = (meant or name).rpartition(".")
    if home != above:
        _report_misplaced(key, last, home, entry, table, findings)
        return
    # Without a value, nothing that the user asked for is lost.
    report = findings.note if is_null(entry.node) else findings.warning
    report(
        "unknown-key",
        f"{name} is not a key, so it is ignored",
        entry.place,
        f"did you mean {last}?" if meant else None,
    )


def _belongs_elsewhere(key: str, above: str, place: Place, kind: Kind, findings: Findings) -> bool:
    """Whether another kind has the key; says which."""
    name = f"{above}.{key}" if above else key
    for other in kind.relatives:
        if other == kind.name:
            continue
        fragment = kind.root["$defs"][other]
        keys = dict(dotted_keys(fragment, kind.root))
        meant = name if name in keys else known_as(key, above, fragment, kind.root)
        if meant:
            which = "it" if meant == name else meant
            findings.warning(
                "ignored-key",
                f"{name} has no effect for {kind.name}: {which} is for {other}",
                place,
            )
            return True
    return False


def _report_misplaced(
    key: str, last: str, home: str, entry: Entry, table: Table, findings: Findings
) -> None:
    """The right key in the wrong table. Where that table is empty, the indentation slipped,
    and ignoring the key would run something that nobody asked for."""
    empty = table.entries.get(home)
    if empty is not None and is_null(empty.node):
        findings.error(
            "misplaced-key",
            f"{home} is empty, and {key} is not a key at this level",
            entry.place,
            f"indent {key}, so that it belongs to {home}",
        )
        return
    report = findings.note if is_null(entry.node) else findings.warning
    report(
        "misplaced-key",
        f"{key} is not a key here, so it is ignored",
        entry.place,
        f"did you mean {last} {f'inside {home}' if home else 'at the top level'}?",
    )

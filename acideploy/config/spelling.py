"""What a key that does not exist was probably meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterable

from acideploy.config.document import Table
from acideploy.config.schema import Fragment, dotted_keys


def known_as(key: str, above: str, fragment: Fragment, root: Fragment) -> str | None:
    """The dotted key that people also write as `key`, given in the table `above`.

    That is one with the same letters in another case or with `_`, or with such an alias. Those of
    the same table come first, then those below it, then the right key in the wrong table.
    """
    wanted = _letters(key)
    found: list[tuple[int, str]] = []
    for name, schema in _by_nearness(above, fragment, root).items():
        same = wanted in (_letters(_last(name)), _letters(name)) and (
            name != _join(above, key) or "." in key
        )
        aliases = {_letters(alias) for alias in schema.get("x-aliases", ())}
        if same or wanted in aliases:
            found.append((2 * _distance(name, above) + (not same), name))
    return min(found)[1] if found else None


def slipped_key(key: str, table: Table) -> str | None:
    """A hint that tells where a missing key is: in another spelling, or in a table below."""
    for name, entry in table.entries.items():
        if _letters(name) == _letters(key) and name != key:
            return f"write {key} instead of {name}"
        if isinstance(entry.node, Table) and key in entry.node.entries:
            return f"it is inside {name}: its keys belong at the top level"
    return None


def nearest_key(key: str, above: str, fragment: Fragment, root: Fragment) -> str | None:
    """The dotted key that differs from `key` by a slip of the fingers."""
    names = _by_nearness(above, fragment, root)
    by_letters = {_letters(_last(name)): name for name in reversed(names)}
    found = nearest_word(_letters(key), by_letters)
    return by_letters[found] if found else None


def nearest_word(word: str, choices: Iterable[str]) -> str | None:
    """The choice that differs least, when it differs little."""
    # Needed only when something is wrong.
    import difflib

    found = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.75)
    return found[0] if found else None


def _by_nearness(above: str, fragment: Fragment, root: Fragment) -> dict[str, Fragment]:
    """Every key, those of the table `above` first."""
    keys = dict(dotted_keys(fragment, root))
    return dict(sorted(keys.items(), key=lambda each: _distance(each[0], above)))


def _distance(name: str, above: str) -> int:
    """0 for a key of the table itself, 1 for one below it, 2 for any other."""
    if name.rpartition(".")[0] == above:
        return 0
    return 1 if name.startswith(f"{above}.") or not above else 2


def _letters(key: str) -> str:
    """The key without case, `_` and `-`, in which people differ most."""
    return re.sub(r"[\W_]", "", key).lower()


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _join(above: str, key: str) -> str:
    return f"{above}.{key}" if above else key

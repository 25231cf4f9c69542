"""What a key that does not exist was probably meant to be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from acideploy.config.schema import Fragment, dotted_keys


def suggest(key: str, above: str, fragment: Fragment, root: Fragment) -> str | None:
    """The dotted key that was meant by `key`, found in the table `above`; None when nothing is near.

    In order: another case or snake_case, a known alias, the right key in the wrong table, a slip
    of the fingers. In each, keys of the same table come first.
    """
    keys = dict(dotted_keys(fragment, root))
    ordered = sorted(keys, key=lambda name: _table(name) != above)
    wanted = _letters(key)
    for name in ordered:
        if _letters(_last(name)) == wanted and name != _join(above, key):
            return name
    for name in ordered:
        if wanted in (_letters(alias) for alias in keys[name].get("x-aliases", ())):
            return name
    return _nearest(wanted, ordered)


def nearest_word(word: str, choices: Iterable[str]) -> str | None:
    """The choice that differs least, when it differs little."""
    found = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.75)
    return found[0] if found else None


def _nearest(wanted: str, names: list[str]) -> str | None:
    by_letters = {_letters(_last(name)): name for name in reversed(names)}
    found = nearest_word(wanted, by_letters)
    return by_letters[found] if found else None


def _letters(key: str) -> str:
    """The key without case, `_` and `-`: in these, people differ most."""
    return re.sub(r"[\W_]", "", key).lower()


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _table(name: str) -> str:
    return name.rpartition(".")[0]


def _join(above: str, key: str) -> str:
    return f"{above}.{key}" if above else key

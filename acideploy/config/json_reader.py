"""JSON as people write it: with comments, trailing commas and tabs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from acideploy.config.checked import Findings
from acideploy.config.document import Entry, Items, Node, Scalar, Table
from acideploy.config.limits import MAX_DEPTH, MAX_NODES, duplicate_key, without_surrogates
from acideploy.config.slip import Excess, Slip
from acideploy.config.source import Source

SKIPPED = re.compile(r"(?:\s|//[^\n]*|\#[^\n]*|/\*.*?\*/)*", re.DOTALL)
TOKEN = re.compile(
    r"""
    (?P<mark>[{}\[\],:])
    | (?P<string>"(?:[^"\\\n]|\\.)*")
    | (?P<number>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])
    | (?P<word>true|false|null)\b
    """,
    re.VERBOSE | re.DOTALL,
)
WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    offset: int


def looks_like_json(text: str) -> bool:
    """Whether the first thing in the text is a bracket."""
    return text[_skip(text, 0) :][:1] in ("{", "[")


def read_json(source: Source, findings: Findings) -> Node:
    """Raises Slip."""
    return _Reader(source, findings).document()


class _Reader:
    """Reads one token ahead."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self._source = source
        self._findings = findings
        self._tokens = _tokens(source.text)
        self._next = next(self._tokens)
        self._count = 0

    def document(self) -> Node:
        node = self._value(0)
        if self._next.kind != "end":
            raise Slip(f"{self._next.text!r} after the end of the JSON text", self._next.offset)
        return node

    def _take(self) -> Token:
        token = self._next
        self._next = next(self._tokens)
        return token

    def _value(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise Excess(f"nested more than {MAX_DEPTH} deep", self._next.offset)
        self._count += 1
        if self._count > MAX_NODES:
            raise Excess(f"more than {MAX_NODES:,} values", self._next.offset)
        token = self._take()
        if token.text == "{":
            return self._table(token, depth)
        if token.text == "[":
            return self._items(token, depth)
        if token.kind in ("string", "number", "word"):
            return self._scalar(token)
        raise Slip(f"expected a value, found {_named(token)}", token.offset)

    def _scalar(self, token: Token) -> Scalar:
        place = self._source.place(token.offset)
        if token.kind == "string":
            value = _decoded(token)
            return Scalar(place=place, value=value, text=value)
        if token.kind == "word":
            return Scalar(place=place, value=WORDS[token.text], text=token.text)
        return Scalar(place=place, value=_number(token.text), text=token.text)

    def _table(self, opening: Token, depth: int) -> Table:
        entries: dict[str, Entry] = {}
        while self._next.text != "}":
            key = self._take()
            if key.kind != "string":
                raise Slip(f"expected a key in double quotes, found {_named(key)}", key.offset)
            self._expect(":", "after the key")
            name, place = _decoded(key), self._source.place(key.offset)
            if name in entries:
                duplicate_key(name, entries[name].place, place, self._findings)
            entries[name] = Entry(place=place, node=self._value(depth + 1))
            self._comma("}", opening)
        self._take()
        return Table(place=self._source.place(opening.offset), entries=entries)

    def _items(self, opening: Token, depth: int) -> Items:
        nodes: list[Node] = []
        while self._next.text != "]":
            nodes.append(self._value(depth + 1))
            self._comma("]", opening)
        self._take()
        return Items(place=self._source.place(opening.offset), nodes=tuple(nodes))

    def _expect(self, mark: str, where: str) -> None:
        token = self._take()
        if token.text != mark or token.kind != "mark":
            raise Slip(f"expected {mark!r} {where}, found {_named(token)}", token.offset)

    def _comma(self, closing: str, opening: Token) -> None:
        if self._next.kind == "end":
            line = self._source.place(opening.offset).line
            raise Slip(f"the {opening.text!r} of line {line} has no {closing!r}", self._next.offset)
        if self._next.text != closing or self._next.kind != "mark":
            self._expect(",", f"or {closing!r}")


def _tokens(text: str) -> Iterator[Token]:
    """The tokens, and then `end` for ever."""
    offset = _skip(text, 0)
    while offset < len(text):
        found = TOKEN.match(text, offset)
        if found is None or found.lastgroup is None:
            unended = text[offset] == '"'
            what = "this text has no closing quote" if unended else None
            raise Slip(what or f"{_word_at(text, offset)!r} is not JSON", offset)
        yield Token(found.lastgroup, found[0], offset)
        offset = _skip(text, found.end())
    while True:
        yield Token("end", "", len(text))


def _skip(text: str, offset: int) -> int:
    found = SKIPPED.match(text, offset)
    return found.end() if found else offset


def _word_at(text: str, offset: int) -> str:
    found = re.compile(r"[\w.-]+|.", re.DOTALL).match(text, offset)
    return found[0][:40] if found else ""


def _named(token: Token) -> str:
    return "the end of the file" if token.kind == "end" else repr(token.text[:40])


def _decoded(token: Token) -> str:
    try:
        return without_surrogates(json.loads(token.text, strict=False))
    except json.JSONDecodeError as error:
        raise Slip(f"bad escape in a string: {error.msg}", token.offset + error.pos) from error


def _number(text: str) -> int | float | str:
    """A number too long for Python's limit on digits stays text."""
    try:
        return int(text)
    except ValueError:
        return float(text) if any(mark in text for mark in ".eE") else text

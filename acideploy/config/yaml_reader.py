"""YAML 1.1 as PyYAML's safe loader, which the retired tool used, understands it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acideploy.config.checked import Findings
from acideploy.config.document import Entry, Items, Node, Scalar, Table
from acideploy.config.limits import MAX_DEPTH, MAX_NODES, duplicate_key, without_surrogates
from acideploy.config.slip import Excess, Slip
from acideploy.config.source import Source

if TYPE_CHECKING:
    import yaml

MERGE_TAG = "tag:yaml.org,2002:merge"
STRING_TAG = "tag:yaml.org,2002:str"
COLLECTION_TAGS = (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
# No number or date is longer; converting "1:1:1..." would take quadratic time.
LONGEST_TYPED_SCALAR = 100


def read_yaml(source: Source, findings: Findings) -> Node | None:
    """Returns None for a text without any value. Raises Slip."""
    import yaml

    try:
        loader = yaml.SafeLoader(source.text)
    except yaml.reader.ReaderError as error:
        shown = f"U+{ord(error.character):04X}" if isinstance(error.character, str) else "a byte"
        raise Slip(f"the character {shown} is not allowed in YAML", error.position) from error
    try:
        return _Reader(source, loader, findings).document()
    except yaml.MarkedYAMLError as error:
        raise _slip(error) from error
    finally:
        loader.dispose()


def _slip(error: yaml.MarkedYAMLError) -> Slip:
    """Points at the line that is wrong, which for a key without a colon is where the key began."""
    mark = error.problem_mark or error.context_mark
    if error.context == "while scanning a simple key" and error.context_mark:
        mark = error.context_mark
    message = error.problem or error.context or "not YAML"
    return Slip(message, mark.index if mark else 0)


class _Reader:
    """Builds the tree from the parser's events, which unlike PyYAML's nodes need no deep stack."""

    def __init__(self, source: Source, loader: yaml.SafeLoader, findings: Findings) -> None:
        self._source = source
        self._loader = loader
        self._findings = findings
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._count = 0

    def document(self) -> Node | None:
        import yaml

        self._take()  # the start of the stream
        if self._loader.check_event(yaml.StreamEndEvent):
            return None
        self._take()  # the start of the document
        node = self._node(0)
        self._take()  # and its end
        if not self._loader.check_event(yaml.StreamEndEvent):
            raise Slip("a second YAML document begins here", self._offset())
        return node

    def _take(self) -> Any:
        return self._loader.get_event()  # type: ignore[no-untyped-call]

    def _next(self) -> Any:
        return self._loader.peek_event()  # type: ignore[no-untyped-call]

    def _offset(self) -> int:
        return int(self._next().start_mark.index)

    def _tag(self, event: Any) -> str:
        """The tag that is written, or the one that the text suggests."""
        import yaml

        if event.tag not in (None, "!"):
            return str(event.tag)
        tag = self._loader.resolve(  # type: ignore[no-untyped-call]
            yaml.ScalarNode, event.value, event.implicit
        )
        return str(tag)

    def _node(self, depth: int) -> Node:
        import yaml

        offset = self._offset()
        self._count += 1
        if depth > MAX_DEPTH:
            raise Excess(f"nested more than {MAX_DEPTH} deep", offset)
        before = self._count
        event = self._take()
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, offset)
        if isinstance(event, yaml.ScalarEvent):
            node: Node = self._scalar(event, offset)
        elif event.tag not in COLLECTION_TAGS:
            raise Slip(f"the tag {event.tag} is not understood", offset)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._items(offset, depth)
        else:
            node = self._table(offset, depth)
        if event.anchor:
            self._anchors[event.anchor] = (node, self._count - before + 1)
        self._limit(offset)
        return node

    def _limit(self, offset: int) -> None:
        if self._count > MAX_NODES:
            raise Excess(f"more than {MAX_NODES:,} values", offset)

    def _alias(self, event: Any, offset: int) -> Node:
        if event.anchor not in self._anchors:
            raise Slip(f"*{event.anchor} is used, but &{event.anchor} is not set above", offset)
        node, size = self._anchors[event.anchor]
        self._count += size
        self._limit(offset)
        return node

    def _scalar(self, event: Any, offset: int) -> Scalar:
        import yaml

        text = without_surrogates(event.value)
        place = self._source.place(offset)
        tag = self._tag(event)
        if tag == STRING_TAG or len(text) > LONGEST_TYPED_SCALAR:
            return Scalar(place=place, value=text, text=text)
        try:
            value = self._loader.construct_object(
                yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark)
            )
        except ValueError:
            value = text  # a date such as 2020-13-45
        plain = value is None or isinstance(value, (bool, int, float))
        return Scalar(place=place, value=value if plain else text, text=text)

    def _items(self, offset: int, depth: int) -> Items:
        import yaml

        nodes: list[Node] = []
        while not self._loader.check_event(yaml.SequenceEndEvent):
            nodes.append(self._node(depth + 1))
        self._take()
        return Items(place=self._source.place(offset), nodes=tuple(nodes))

    def _table(self, offset: int, depth: int) -> Table:
        import yaml

        entries: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        while not self._loader.check_event(yaml.MappingEndEvent):
            key_offset = self._offset()
            if self._at_merge_key():
                self._take()
                merged = {**self._merged(self._node(depth + 1), key_offset), **merged}
                continue
            key = self._node(depth + 1)
            if not isinstance(key, Scalar):
                raise Slip("a list or a table cannot be a key", key_offset)
            value = self._node(depth + 1)
            place = self._source.place(key_offset)
            if key.text in entries:
                duplicate_key(key.text, entries[key.text].place, place, self._findings)
            entries[key.text] = Entry(place=place, node=value)
        self._take()
        return Table(place=self._source.place(offset), entries={**merged, **entries})

    def _at_merge_key(self) -> bool:
        import yaml

        event = self._next()
        return isinstance(event, yaml.ScalarEvent) and self._tag(event) == MERGE_TAG

    def _merged(self, value: Node, offset: int) -> dict[str, Entry]:
        tables = value.nodes if isinstance(value, Items) else (value,)
        entries: dict[str, Entry] = {}
        for table in tables:
            if not isinstance(table, Table):
                raise Slip("<< takes a table or a list of tables", offset)
            entries = {**table.entries, **entries}
        return entries

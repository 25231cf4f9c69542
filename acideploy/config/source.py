"""The text of one of the user's files, and the place of every character in it."""

from __future__ import annotations

import codecs
import os
import re
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from acideploy.config.checked import Findings
from acideploy.config.problem import Place
from acideploy.config.spelling import nearest_word

# A long conda file has 20 kB; more than this is another kind of file.
MAX_BYTES = 1 << 20
MAX_SHOWN_LINE = 200

# Longest first: UTF-32's mark begins with UTF-16's.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
HIDDEN = "********"
SECRET = re.compile(
    r"""((?:primary|secondary)_?key|password|auth_?token)(["']?\s*[:=]\s*)(\S.*)""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Source:
    """`file` is the name to show; `text` has no byte order mark, and every line ends with \\n."""

    file: str
    text: str
    line_starts: tuple[int, ...]

    def place(self, offset: int) -> Place:
        """Where the character at that offset stands. Keys and passwords in its line are hidden."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.line_starts, offset)
        start = self.line_starts[line - 1]
        shown = _shown(self.text[start : min(self._end(line), start + MAX_SHOWN_LINE + 1)])
        return Place(file=self.file, line=line, column=offset - start + 1, text=shown)

    def at(self, line: int, column: int) -> Place:
        """The place of that line and column, both from 1, or the nearest there is."""
        line = max(1, min(line, len(self.line_starts)))
        return self.place(self.line_starts[line - 1] + max(0, column - 1))

    def line(self, number: int) -> str:
        """The line of that number, from 1, without its end."""
        return self.text[self.line_starts[number - 1] : self._end(number)]

    def _end(self, number: int) -> int:
        is_last = number == len(self.line_starts)
        return len(self.text) if is_last else self.line_starts[number] - 1


def make_source(file: str, text: str) -> Source:
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    starts = (0, *(found.end() for found in re.finditer("\n", text)))
    return Source(file=file, text=text, line_starts=starts)


def shown_path(path: Path, cwd: Path) -> str:
    """The path as short as it is clear: relative below `cwd`, unless that is the root."""
    is_below = path.is_relative_to(cwd) and cwd != cwd.parent
    return str(path.relative_to(cwd)) if is_below else str(path)


def read_source(
    path: Path, *, cwd: Path, findings: Findings, typed: Path | None = None
) -> Source | None:
    """Reads a text file. Returns None, with the reason among the findings, when it cannot.

    Its name is shown as `typed`, or else as short as it is clear.
    """
    file = str(typed or shown_path(path, cwd))
    content = _read_bytes(path, file, findings)
    if content is None:
        return None
    text = _decode(content, file, findings)
    return None if text is None else make_source(file, text)


def _read_bytes(path: Path, file: str, findings: Findings) -> bytes | None:
    place = Place(file=file)
    try:
        if path.is_dir():
            findings.error("not-a-file", f"{file} is a folder, not a file", place)
        elif not path.exists():
            findings.error("file-not-found", f"{file} does not exist", place, close_name(path))
        elif not path.is_file():
            findings.error("not-a-file", f"{file} is not a regular file", place)
        elif path.stat().st_size > MAX_BYTES:
            findings.error(
                "file-too-large",
                f"{file} has {path.stat().st_size:,} bytes; a configuration has at most "
                f"{MAX_BYTES:,}",
                place,
            )
        else:
            return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        findings.error("unreadable-file", f"{file} cannot be read: {reason}", place)
    return None


def close_name(path: Path) -> str | None:
    """A hint that names a file of the same folder with almost that name."""
    try:
        names = os.listdir(path.parent)
    except OSError:
        return None
    same = (name for name in names if name.lower() == path.name.lower())
    close = next(same, None) or nearest_word(path.name, names)
    return f"did you mean {close}?" if close else None


def _decode(content: bytes, file: str, findings: Findings) -> str | None:
    encoding = _encoding_of(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        return _decode_windows(content, error.start, file, findings)
    if not encoding.startswith("utf-8"):
        findings.warning(
            "bad-encoding",
            f"the text is {encoding.upper()}, which the retired tool could not read",
            Place(file=file),
            "save it as UTF-8",
        )
    return text


def _encoding_of(content: bytes) -> str:
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return encoding
    # Without a mark, the zero halves of ASCII characters give UTF-16 away.
    match [byte == 0 for byte in content[:2]]:
        case [False, True]:
            return "utf-16-le"
        case [True, False]:
            return "utf-16-be"
    return "utf-8"


def _decode_windows(content: bytes, start: int, file: str, findings: Findings) -> str | None:
    """Reads the code page that Windows editors save in, where that is what it can be."""
    before = content[:start].decode("latin-1")
    place = make_source(file, before + "?").place(len(before))
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        findings.error("bad-encoding", "this is not text in UTF-8", place, "save the file as UTF-8")
        return None
    findings.warning(
        "bad-encoding", "this is not UTF-8; read as Windows-1252", place, "save it as UTF-8"
    )
    return text


def decoded(content: bytes) -> tuple[str, str]:
    """The text of a file that could be read, with its mark and line ends, and its encoding."""
    encoding = _encoding_of(content)
    if encoding == "utf-16":
        encoding = "utf-16-le" if content.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
    encoding = encoding.removesuffix("-sig")
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError:
        return content.decode("cp1252"), "cp1252"


def hides_secret(place: Place) -> bool:
    """Whether the line of that place holds a key or a password."""
    return HIDDEN in (place.text or "")


def _shown(line: str) -> str:
    hidden = SECRET.sub(rf"\1\2{HIDDEN}", line)
    return hidden if len(hidden) <= MAX_SHOWN_LINE else hidden[: MAX_SHOWN_LINE - 1] + "…"

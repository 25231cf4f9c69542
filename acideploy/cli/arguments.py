"""What az does to the words of a command line before it reads them."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Mapping, Sequence

from acideploy.cli.usage import WrongUsage, did_you_mean

# What Windows PowerShell's `>` writes, and what it puts before UTF-8.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# What text editors and chat programs make of one and of two hyphens.
TYPOGRAPHIC_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"


def spell_out(
    arguments: Sequence[str], options: Mapping[str, bool], *, words_allowed: int = 0
) -> list[str]:
    """Returns the words with every option written in full and every `@file` replaced by the file.

    `options` maps each spelling to whether it takes a value. `--inference-config=F` becomes
    `--inference-config-file F`, `-gNAME` becomes `-g NAME`. Raises WrongUsage for an option that
    is unknown, ambiguous or without its value, and for more than `words_allowed` other words.
    """
    waiting = list(arguments)
    spelt: list[str] = []
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            return [*spelt, word, *waiting]
        option, attached = _split(word, options)
        if option is None:
            words_allowed -= 1
            if words_allowed < 0:
                raise WrongUsage(f"unexpected argument: {word}", hint=_stray(word, spelt, options))
            spelt.append(word)
        elif options[option]:
            value = _next_value(option, waiting, options) if attached is None else attached
            spelt += [option, expand(value)]
        elif attached is not None and not option.startswith("--"):
            spelt.append(option)
            waiting.insert(0, f"-{attached}")  # the next of several switches in one word
        else:
            spelt.append(option if attached is None else f"{option}={attached}")
    return spelt


def expand(value: str) -> str:
    """Returns the content of the file that `@file` or `key=@file` names; `@-` is stdin.

    As in az, a value that names no readable file is meant as it stands, and one newline at the
    end is dropped. Bytes that are not text come back as surrogates (PEP 383).
    """
    key, equals, rest = value.partition("=")
    if equals and "@" not in key:
        return f"{key}={_content(rest)}"
    return _content(value)


def _content(value: str) -> str:
    if not value.startswith("@") or value == "@":
        return value
    try:
        return _decoded(_read(value[1:]))
    except OSError:
        return value


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    with open(os.path.expanduser(name), "rb") as file:
        return file.read()


def _decoded(content: bytes) -> str:
    encoding = next((each for mark, each in _MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding).removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return content.decode(errors="surrogateescape")


def _split(word: str, options: Mapping[str, bool]) -> tuple[str | None, str | None]:
    """The option that a word names, in full, and the value attached to it."""
    if word in options:
        return word, None
    if not word.startswith("-") or len(word) < 2:
        return None, None
    name, equals, value = word.partition("=")
    if name in options:
        return name, value if equals else None
    if name.startswith("--"):
        return _complete(name, options), value if equals else None
    if word[:2] in options:
        return word[:2], word[2:]
    raise WrongUsage(f"no such option: {word}", hint=_nearest(name, options))


def _complete(prefix: str, options: Mapping[str, bool]) -> str:
    matches = sorted(option for option in options if option.startswith(prefix))
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise WrongUsage(f"no such option: {prefix}", hint=_nearest(prefix, options))
    raise WrongUsage(
        f"ambiguous option: {prefix} could be {', '.join(matches)}", hint="write it in full"
    )


def _stray(word: str, before: Sequence[str], options: Mapping[str, bool]) -> str:
    name = word.lstrip(TYPOGRAPHIC_DASHES)
    if name and name != word:
        dashes = "-" if len(name) == 1 else "--"
        return f"the dash is a typographic one, of a text editor: write {dashes}{name}"
    if any(character in word for character in "[]<>{}"):
        return "replace what is in brackets by what you mean"
    if before and options.get(before[-1]) is False:
        if before[-1] == "-v" and word.isdigit() and "--model-id" in options:
            return f"-v takes no value here; a version is given as -i NAME:{word}"
        return f"{before[-1]} takes no value"
    return f"write it behind its option, such as --name {word}, and in quotes if it has spaces"


def _nearest(word: str, options: Mapping[str, bool]) -> str:
    return did_you_mean(word, options) or "add --help to see the options"


def _next_value(option: str, words: list[str], options: Mapping[str, bool]) -> str:
    if not words:
        raise WrongUsage(f"{option} needs a value")
    if words[0] in options:
        raise WrongUsage(
            f"{option} needs a value, and is followed by {words[0]}",
            hint=f"{option} VALUE, or {option}={words[0]} where that is the value",
        )
    return words.pop(0)

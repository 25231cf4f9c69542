"""What was meant by a command that does not exist."""

from __future__ import annotations

from collections.abc import Sequence

# What other tools call them.
_SYNONYMS = {
    "add": "model register",
    "create": "model deploy",
    "invoke": "service run",
    "keys": "service get-keys",
    "log": "service get-logs",
    "logs": "service get-logs",
    "ls": "list",
    "ps": "service list",
    "remove": "delete",
    "rm": "delete",
    "score": "service run",
}


def meant(
    words: Sequence[str], *, group: str, commands: Sequence[str], near: str | None
) -> str | None:
    """A hint for the first of the words, which is no command of `group`.

    `commands` are all there are, in full; `near` is the hint for a slip of the fingers.
    """
    first, *rest = words
    program = group.partition(" ")[0]
    if first in ("az", "ml"):
        return f'leave out "{"az ml" if words[:2] == ["az", "ml"] else first}"'
    if first == "help":
        return f"did you mean {' '.join([group, *_words_before_options(rest)])} --help?"
    if first == "version":
        return f"did you mean {program} --version?"
    return _question(_same_elsewhere(first, group, commands)) or near


def _same_elsewhere(word: str, group: str, commands: Sequence[str]) -> list[str]:
    """The commands of that name: those of the group, else those of any."""
    ending = f" {_SYNONYMS.get(word, word)}"
    found = [command for command in commands if command.endswith(ending)]
    return [command for command in found if command.startswith(f"{group} ")] or found


def _question(commands: Sequence[str]) -> str | None:
    return f"did you mean {' or '.join(commands)}?" if commands else None


def _words_before_options(words: Sequence[str]) -> list[str]:
    first_option = next((i for i, word in enumerate(words) if word.startswith("-")), len(words))
    return list(words[:first_option])

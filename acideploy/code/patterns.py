"""The patterns of ignore files as regular expressions: git's, and Docker's, which differ.

They match the whole of a path below the source directory, with `/` between names. Libraries were
tried: pathspec 1.1 loses `!data/labels.json` after `data/**` when it is asked folder by folder,
and keeps it after `data` when it is asked file by file; docker 7.2 ignores case and `[^...]`.

git: https://git-scm.com/docs/gitignore and git's wildmatch.c.
Docker: https://docs.docker.com/build/concepts/context/#dockerignore-files and moby/patternmatcher.
"""

from __future__ import annotations

import re

# Between slashes, two or more stars are any folders; elsewhere git reads them as one star.
_GIT = re.compile(
    r"(?P<folders>(?:^|(?<=/))\*\*+/)|(?P<all>(?:^|(?<=/))\*\*+$)|(?P<star>\*+)|(?P<one>\?)"
    r"|(?P<set>\[[!^]?\]?(?:\[:\w*:\]|\\.|(?!\[:\w*:\])[^\]\\])*\])"
    r"|\\(?P<escaped>.)|(?P<broken>[\[\\])|(?P<plain>.)",
    re.DOTALL,
)
_DOCKER = re.compile(
    r"(?P<all>\*\*/?$)|(?P<folders>\*\*/?)|(?P<star>\*)|(?P<one>\?)"
    r"|(?P<set>\[\^?(?:\\.|[^\]\\])+\])"
    r"|\\(?P<escaped>.)|(?P<broken>[\[\\])|(?P<plain>.)",
    re.DOTALL,
)
_WILDCARDS = {"folders": "(?:.*/)?", "all": ".*", "star": "[^/]*", "one": "[^/]"}

_MEMBER = re.compile(
    r"\[:(?P<kind>\w*):\]|(?P<low>\\.|[^\\])-(?P<high>\\.|[^\\])|(?P<only>\\.|[^\\])", re.DOTALL
)
_KINDS = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \t",
    "cntrl": "\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": " \t-\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


def git_pattern(pattern: str) -> str | None:
    """The expression for a pattern without `!` and without the slash at its end.

    None where the pattern is broken; git then matches nothing, without a word.
    """
    if "/" not in pattern:
        body = _translated(pattern, git=True)
        return None if body is None else f"(?:.*/)?{body}"
    # Git compares what comes before the first wildcard on its own, and so takes stars just behind
    # it for stars behind a slash: `/a**` reaches into `ab/c`, whatever the documentation says.
    fixed = re.split(r"[*?\[\\]", pattern)[0]
    body = _translated(pattern[len(fixed) :], git=True)
    return None if body is None else re.escape(fixed.removeprefix("/")) + body


def docker_pattern(pattern: str) -> str | None:
    """The expression for a cleaned pattern without `!`. None where Docker refuses the pattern."""
    if re.fullmatch(r"\*\*[^/*?\[\]\\][^*?\[\]\\]*", pattern):
        # Here alone the stars reach into a name: `**.log` is whatever ends in .log.
        return ".*" + re.escape(pattern[2:])
    return _translated(pattern, git=False)


def _translated(pattern: str, *, git: bool) -> str | None:
    parts = []
    for token in (_GIT if git else _DOCKER).finditer(pattern):
        kind = token.lastgroup or ""
        if kind == "set":
            part = _set(token[kind][1:-1], git=git)
        elif kind in ("escaped", "plain"):
            part = re.escape(token[kind])
        else:
            part = _WILDCARDS.get(kind)
        if part is None:
            return None
        parts.append(part)
    return "".join(parts)


def _set(members: str, *, git: bool) -> str | None:
    """One character of a set such as `a-z`, or with `!` or `^` any other; never a slash."""
    negated = members.startswith(("!", "^") if git else "^")
    parts = []
    for member in _MEMBER.finditer(members, 1 if negated else 0):
        part = _kind_of(member, git=git)
        if part is None:
            return None
        parts.append(part)
    return f"(?!/)[{'^' if negated else ''}{''.join(parts)}]"


def _kind_of(member: re.Match[str], *, git: bool) -> str | None:
    """One member of a set; None where it may not stand there."""
    if member["kind"] is not None:
        return _KINDS.get(member["kind"])
    if member["only"] is not None:
        # Docker, as Go, wants a hyphen escaped.
        return None if member["only"] == "-" and not git else re.escape(member["only"][-1])
    low, high = member["low"][-1], member["high"][-1]
    if low <= high:
        return f"{re.escape(low)}-{re.escape(high)}"
    return re.escape(low) if git else None

"""Which modules come with Python, of each version."""

from __future__ import annotations

import sys

# https://docs.python.org/3/whatsnew/: the version that had a module first, and the first that had
# it no more. What has always been there is not listed.
_SINCE = {
    "annotationlib": 14,
    "compression": 14,
    "contextvars": 7,
    "dataclasses": 7,
    "graphlib": 9,
    "tomllib": 11,
    "zoneinfo": 9,
}
_UNTIL = {
    **dict.fromkeys(("macpath",), 8),
    **dict.fromkeys(("_dummy_thread", "dummy_threading"), 9),
    **dict.fromkeys(("formatter", "parser", "symbol"), 10),
    **dict.fromkeys(("binhex",), 11),
    # setuptools has `distutils` for the others.
    **dict.fromkeys(("asynchat", "asyncore", "imp", "smtpd"), 12),
    **dict.fromkeys(
        (
            *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap"),
            *("msilib", "nis", "nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau"),
            *("telnetlib", "uu", "xdrlib"),
        ),
        13,
    ),
}
_ALWAYS = (sys.stdlib_module_names - _SINCE.keys() - _UNTIL.keys()) | {"distutils", "__main__"}


def in_standard_library(module: str, python: str | None) -> bool:
    """Whether Python has a top-level module: the series `python` (`3.8`), or any where None."""
    if module in _ALWAYS:
        return True
    if python is None:
        return module in _SINCE or module in _UNTIL
    minor = int(python.split(".")[1])
    if module in _SINCE:
        return minor >= _SINCE[module]
    return minor < _UNTIL.get(module, 0)

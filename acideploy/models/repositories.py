"""In which repository of a registry a model is kept.

The repository of a model is `models/<name>`, and a version is a tag. Repositories allow fewer
names than models do (https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md,
"Pulling manifests": lower case, single separators), so other names are folded and followed by a
hash of the name itself: `MyModel` is kept in `models/mymodel__6d1ffef8f4a0b8a4`.
"""

from __future__ import annotations

import hashlib
import re

MODELS = "models/"
_CLAIMS = "model-claims/"
_COMPONENT = re.compile(r"[a-z0-9]+((\.|_|-+)[a-z0-9]+)*")
# Room for the rest of an image's name, which has 255 characters at most.
_LONGEST = 128


def repository_of(name: str) -> str:
    """Where the versions of the model `name` are."""
    return MODELS + _component(name)


def claims_of(name: str) -> str:
    """Where it is written down who makes, or made, which version of the model `name`."""
    return _CLAIMS + _component(name)


def _component(name: str) -> str:
    if _COMPONENT.fullmatch(name) and len(name) <= _LONGEST:
        return name
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST]
    return f"{readable.rstrip('-')}__{hashlib.sha256(name.encode()).hexdigest()[:16]}"

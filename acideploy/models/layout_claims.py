"""Which version a model gets in a layout: nobody else can have one that an upload has claimed."""

from __future__ import annotations

import hashlib

from acideploy.errors import ConflictError
from acideploy.models.lookup import is_taken, last_version
from acideploy.registry.layout import ImageLayout
from acideploy.registry.upload import Upload


def claim_next(layout: ImageLayout, name: str) -> tuple[int, Upload]:
    """The next version of `name`, and the upload that claims it."""
    key = _key(name)
    with layout.locked():
        claims = (each.split(".") for each in layout.uploads.running())
        claimed = [int(version) for claimant, version in claims if claimant == key]
        version = max([last_version(layout.index(), name), *claimed]) + 1
        return version, layout.uploads.start(f"{key}.{version}")


def claim(layout: ImageLayout, name: str, version: int) -> Upload:
    """The upload that claims that version. Raises ConflictError where it is, or was, another's."""
    upload = f"{_key(name)}.{version}"
    with layout.locked():
        taken = is_taken(layout.index(), name, version)
        if taken or upload in layout.uploads.running():
            raise ConflictError(
                f"version {version} of model {name} is taken, or was, in this workspace",
                hint="register the files anew, as the next version",
            )
        return layout.uploads.start(upload)


def _key(name: str) -> str:
    """A file name for any name of a model."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]

"""Copies an image into a registry: all platforms of it, every blob once."""

from __future__ import annotations

import json
from typing import Any

from acideploy.emulator.acr.data.errors import RegistryError
from acideploy.emulator.acr.data.registry import RegistryData
from acideploy.emulator.acr.image_sources import INDEXES, ImageSource, ImportFailure, Manifest


async def copy_image(
    source: ImageSource, reference: str, target: RegistryData, repository: str
) -> Manifest:
    """Copies what a tag or digest stands for, without a tag; returns its manifest.

    Raises ImportFailure. What was copied before a failure stays, as nobody can see it.
    """
    manifest = await source.manifest(reference)
    try:
        content = json.loads(manifest.body)
        if manifest.media_type in INDEXES or "manifests" in content:
            for entry in content["manifests"]:
                await copy_image(source, entry["digest"], target, repository)
        else:
            for descriptor in _blobs(content):
                await _copy_blob(source, descriptor["digest"], target, repository)
        await target.put_manifest(repository, manifest.digest, manifest.media_type, manifest.body)
    except (ValueError, KeyError, TypeError) as error:
        message = f"The manifest {manifest.digest} is of a kind that cannot be imported."
        raise ImportFailure(400, "ManifestInvalid", message) from error
    except RegistryError as error:
        raise ImportFailure(400, error.code, str(error)) from error
    return manifest


async def _copy_blob(
    source: ImageSource, digest: str, target: RegistryData, repository: str
) -> None:
    if target.has_blob(repository, digest):
        return
    await target.put_blob(repository, source.blob(digest), digest)


def _blobs(content: dict[str, Any]) -> list[dict[str, Any]]:
    """What a manifest refers to, but for layers that are elsewhere for good."""
    layers = [each for each in content["layers"] if not each.get("urls")]
    return [content["config"], *layers]

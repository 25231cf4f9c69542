"""What the runtime is told to run, from what was asked for."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from acideploy.emulator.aci.runtime import ContainerOrder, Credentials, GroupOrder, Image, Mount
from acideploy.emulator.store import Document

# A login at a registry as an identity, by the identity's resource id and the registry's server;
# None when the identity may not pull there.
RegistryLogin = Callable[[str, str], Credentials | None]


def no_login(identity: str, server: str) -> Credentials | None:
    """No identity is known at any registry."""
    return None


def group_order(document: Document) -> GroupOrder:
    properties = document["properties"]
    ports = properties.get("ipAddress", {}).get("ports", [])
    digest = hashlib.sha256(document["id"].lower().encode()).hexdigest()
    return GroupOrder(
        key=f"{document['name']}-{digest[:12]}",
        ports=tuple((each["port"], each.get("protocol", "TCP").lower()) for each in ports),
        volumes={
            volume["name"]: {
                file: base64.b64decode(text) for file, text in volume.get("secret", {}).items()
            }
            for volume in properties.get("volumes", [])
        },
    )


def container_order(container: Document, image: Image) -> ContainerOrder:
    asked = container["properties"]
    resources = asked.get("resources", {})
    # A container may use what it requests, unless it has a limit that is higher.
    amounts = {**resources.get("requests", {}), **resources.get("limits", {})}
    return ContainerOrder(
        name=container["name"],
        image=image,
        command=tuple(asked["command"]) if asked.get("command") else None,
        variables={
            each["name"]: each.get("secureValue", each.get("value", ""))
            for each in asked.get("environmentVariables", [])
        },
        cpu=amounts.get("cpu"),
        memory=amounts.get("memoryInGB"),
        mounts=tuple(
            Mount(
                volume=each["name"], path=each["mountPath"], read_only=each.get("readOnly", False)
            )
            for each in asked.get("volumeMounts", [])
        ),
    )


def image_of(document: Document, container: Document) -> Image:
    """The image that a container's was resolved to when the group was accepted."""
    name = container["properties"]["image"]
    return Image(name=name, digest=document["state"]["images"][name])


def credentials_for(document: Document, image: str, login: RegistryLogin) -> Credentials | None:
    """The login of the request for the registry of an image; None: nobody in particular."""
    server = registry_of(image)
    for each in document["properties"].get("imageRegistryCredentials", []):
        if each["server"].lower() != server.lower():
            continue
        if identity := each.get("identity"):
            return login(identity, each["server"])
        return Credentials(
            server=each["server"], username=each["username"], password=each["password"]
        )
    return None


def registry_of(image: str) -> str:
    """The registry that an image's name stands for; Docker Hub's when it names none."""
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return "index.docker.io" if first == "docker.io" else first
    return "index.docker.io"


def all_containers(document: Document) -> list[Document]:
    """Init containers, then the others."""
    properties = document["properties"]
    return [*properties["initContainers"], *properties["containers"]]

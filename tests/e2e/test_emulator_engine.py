"""What the emulator asks of an engine, promise by promise, under Docker and under Podman."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import secrets
import socket
import ssl
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from acideploy.emulator.aci.engine import Engine, find_engine
from acideploy.emulator.aci.engine.api import EngineApi, EngineRefusal
from acideploy.emulator.aci.engine.group import EngineGroup
from acideploy.emulator.aci.engine.images import Images
from acideploy.emulator.aci.runtime import (
    Container,
    ContainerError,
    ContainerOrder,
    Credentials,
    Exit,
    Group,
    GroupOrder,
    Image,
    ImageError,
    Mount,
)
from tests.parts.acr import OWNER, RunningAcr
from tests.parts.base_image import BaseImage, push
from tests.parts.dress import Plain
from tests.parts.process import free_port
from tests.parts.proxy import proxy
from tests.parts.registry import RunningRegistry, registry
from tests.parts.traffic import Answer, Request

FOR_EVER = ("sleep", "1000")
REPOSITORY = "emulator/python"


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*arguments, **named), 60))  # type: ignore[arg-type]

    return run


@pytest.fixture
def engine(engine_part: str, registry_part: RunningRegistry) -> Iterator[Engine]:
    engine = engine_at(engine_part, registry_part.ca)
    yield engine
    # Unlike `close` it leaves the images, which the next test asks for.
    asyncio.run(engine.clean_up())


@functools.cache
def engine_at(host: str, ca: Path) -> Engine:
    context = ssl.create_default_context(cafile=str(ca))
    return Engine(host, state_id=secrets.token_hex(4), context=context)


@pytest.fixture(scope="session")
def pushed(base_image_part: BaseImage, registry_part: RunningRegistry) -> str:
    """The digest of the image that tests run."""
    return push(base_image_part, registry_part, REPOSITORY)


@pytest.fixture
def python(engine: Engine, pushed: str, registry_part: RunningRegistry) -> Image:
    """An image with Python and a shell, in the engine."""
    image = Image(name=f"{registry_part.host}/{REPOSITORY}", digest=pushed)
    asyncio.run(engine.pull(image, None))
    return image


@contextlib.asynccontextmanager
async def opened(
    engine: Engine,
    *ports: tuple[int, str],
    volumes: Mapping[str, Mapping[str, bytes]] | None = None,
    address: str | None = None,
) -> AsyncIterator[Group]:
    order = GroupOrder(key=f"g{secrets.token_hex(3)}", ports=ports, volumes=volumes or {})
    group = await engine.open(order, address=address or own_address())
    try:
        yield group
    finally:
        await group.remove()


def own_address() -> str:
    return f"127.77.{secrets.randbelow(250)}.{1 + secrets.randbelow(250)}"


async def start(
    group: Group, image: Image, *command: str, mounts: tuple[Mount, ...] = (), **settings: Any
) -> Container:
    asked: dict[str, Any] = {"name": "main", "variables": {}, "cpu": None, "memory": None}
    asked.update(settings)
    return await group.start(
        ContainerOrder(image=image, command=command or None, mounts=mounts, **asked)
    )


async def said(group: Group, image: Image, script: str, **settings: Any) -> str:
    """What a shell script says that ends well."""
    container = await start(group, image, "sh", "-c", script, **settings)
    ended = await container.wait()
    text = (await container.logs()).decode()
    assert ended == Exit(code=0), text
    return text


async def eventually(ask: Callable[[], str]) -> str:
    for _ in range(100):
        with contextlib.suppress(OSError):
            return await asyncio.to_thread(ask)
        await asyncio.sleep(0.05)
    return ask()


def fetched(address: str, port: int) -> str:
    with urllib.request.urlopen(f"http://{address}:{port}/etc/os-release", timeout=5) as answer:
        content: bytes = answer.read()
    return content.decode()


def echoed(address: str, port: int) -> str:
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.sendto(b"hello", (address, port))
        return client.recv(100).decode()


# Groups.


@in_loop
async def test_containers_of_a_group_are_localhost_to_each_other(
    engine: Engine, python: Image
) -> None:
    async with opened(engine) as group:
        await start(group, python, "python3", "-m", "http.server", "80", name="server")
        script = (
            "import time, urllib.request\n"
            "for _ in range(100):\n"
            "    try: print(urllib.request.urlopen('http://localhost').status); break\n"
            "    except OSError: time.sleep(0.05)\n"
        )
        client = await start(group, python, "python3", "-c", script, name="client")
        await client.wait()
        assert await client.logs() == b"200\n"


@in_loop
async def test_groups_answer_at_the_same_port_of_their_own_addresses(
    engine: Engine, python: Image
) -> None:
    port = free_port()
    async with opened(engine, (port, "tcp")) as one, opened(engine, (port, "tcp")) as other:
        assert one.address != other.address
        for group in (one, other):
            await start(group, python, "python3", "-m", "http.server", str(port))
        for group in (one, other):
            assert "bookworm" in await eventually(lambda at=group.address: fetched(at, port))


@in_loop
async def test_a_port_can_be_of_udp(engine: Engine, python: Image) -> None:
    port = free_port()
    async with opened(engine, (port, "udp")) as group:
        script = (
            "import socket\n"
            "s = socket.socket(type=socket.SOCK_DGRAM)\n"
            f"s.bind(('', {port}))\n"
            "while True: text, peer = s.recvfrom(100); s.sendto(text.upper(), peer)\n"
        )
        await start(group, python, "python3", "-c", script)
        assert await eventually(lambda: echoed(group.address, port)) == "HELLO"


@in_loop
async def test_a_port_that_is_taken_refuses_the_group_and_leaves_nothing(
    engine: Engine, engine_part: str
) -> None:
    port, address = free_port(), own_address()
    with socket.socket() as taken:
        taken.bind((address, port))
        taken.listen()
        with pytest.raises(ContainerError, match=r"in use|allocated"):
            async with opened(engine, (port, "tcp"), address=address):
                pass
    assert await left(engine_part) == []


@in_loop
async def test_a_removed_group_can_be_opened_again_at_once(engine: Engine, python: Image) -> None:
    port, address = free_port(), own_address()
    for _ in range(2):
        async with opened(engine, (port, "tcp"), address=address) as group:
            await start(group, python, "python3", "-m", "http.server", str(port))
            assert "bookworm" in await eventually(lambda: fetched(address, port))


# Volumes.


@in_loop
async def test_a_secret_volume_is_a_folder_of_files(engine: Engine, python: Image) -> None:
    secret = {"keys.json": b'{"key": "\xc3\xa9"}', "empty": b""}
    async with opened(engine, volumes={"secret": secret}) as group:
        mounts = (Mount(volume="secret", path="/mnt/secrets", read_only=True),)
        script = (
            "cd /mnt/secrets; stat -c '%n %a %s' *; cat keys.json; touch x 2>/dev/null || echo no"
        )
        assert await said(group, python, script, mounts=mounts) == (
            'empty 644 0\nkeys.json 644 13\n{"key": "é"}no\n'
        )


@in_loop
async def test_an_empty_volume_is_shared_and_anybody_may_write(
    engine: Engine, python: Image
) -> None:
    async with opened(engine, volumes={"shared": {}, "other": {}}) as group:
        mounts = (Mount(volume="shared", path="/one"),)
        write = "setpriv --reuid 1234 sh -c 'echo hello > /one/file'"
        await said(group, python, write, mounts=mounts)
        mounts = (Mount(volume="shared", path="/two"), Mount(volume="other", path="/two/other"))
        assert await said(group, python, "ls /two; cat /two/file", mounts=mounts) == (
            "file\nother\nhello\n"
        )


@in_loop
async def test_a_volume_hides_the_files_of_the_image(engine: Engine, python: Image) -> None:
    async with opened(engine, volumes={"empty": {}}) as group:
        mounts = (Mount(volume="empty", path="/etc/apt"),)
        assert await said(group, python, "ls -A /etc/apt; stat -c %a /etc/apt", mounts=mounts) == (
            "777\n"
        )


# Containers.


@in_loop
async def test_a_container_has_its_variables_and_its_command(engine: Engine, python: Image) -> None:
    async with opened(engine) as group:
        variables = {"GREETING": "a=b c", "EMPTY": ""}
        script = 'echo "$GREETING$EMPTY"; echo "$LANG"'
        assert await said(group, python, script, variables=variables) == "a=b c\nC.UTF-8\n"
        container = await start(group, python, "echo", "not Python")
        assert len(container.id) == 64
        await container.wait()
        assert await container.logs() == b"not Python\n"


@in_loop
async def test_without_a_command_the_image_says_what_runs(engine: Engine, python: Image) -> None:
    async with opened(engine) as group:
        variables = {"PYTHONVERBOSE": "1"}
        container = await start(group, python, variables=variables)
        assert await container.wait() == Exit(code=0)
        assert b"import" in await container.logs()


@in_loop
async def test_a_container_ends_with_its_own_code_and_can_be_started_again(
    engine: Engine, python: Image
) -> None:
    async with opened(engine) as group:
        for code in (3, 0):
            container = await start(group, python, "sh", "-c", f"exit {code}")
            assert await container.wait() == Exit(code=code)
            # Also when it ended long ago.
            assert await container.wait() == Exit(code=code)


@in_loop
async def test_a_container_without_memory_is_killed(engine: Engine, python: Image) -> None:
    async with opened(engine) as group:
        script = "x = [bytearray(b'x' * (1 << 20)) for _ in range(500)]"
        container = await start(group, python, "python3", "-c", script, memory=0.05)
        assert await container.wait() == Exit(code=137, killed=True)


@in_loop
async def test_limits_are_those_asked_for(engine: Engine, python: Image) -> None:
    async with opened(engine) as group:
        script = (
            "cd /sys/fs/cgroup; cat memory.max memory/memory.limit_in_bytes 2>/dev/null;"
            "cat cpu.max cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us 2>/dev/null; true"
        )
        text = await said(group, python, script, cpu=0.5, memory=0.5)
        memory, quota, period = text.split()
        assert int(memory) == 1 << 29
        assert int(quota) / int(period) == 0.5


@in_loop
async def test_more_cores_than_there_are_is_no_failure(engine: Engine, python: Image) -> None:
    async with opened(engine) as group:
        assert await said(group, python, "echo ran", cpu=64.0, memory=1.0) == "ran\n"


class _NoLimits(EngineApi):
    """An engine on a machine whose kernel limits nothing."""

    def call_now(self, work: Callable[[Any], Any]) -> Any:
        return super().call_now(lambda client: work(_Refusing(client)))


class _Refusing:
    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def create_container(self, *arguments: Any, **named: Any) -> Any:
        if named["host_config"].get("NanoCpus"):
            text = "NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler"
            raise EngineRefusal(text, status=400)
        return self._client.create_container(*arguments, **named)


@in_loop
async def test_a_machine_that_cannot_limit_runs_all_the_same_and_says_so(
    engine_part: str, python: Image, caplog: pytest.LogCaptureFixture
) -> None:
    api = _NoLimits(engine_part)
    images = Images(api, context=ssl.create_default_context())
    order = GroupOrder(key="free", ports=(), volumes={})
    group = EngineGroup(api, images, order, state_id="no-limits", address=own_address())
    await group.open()
    try:
        for _ in range(2):
            assert await said(group, python, "echo ran", cpu=1.0, memory=1.0) == "ran\n"
    finally:
        await group.remove()
    assert caplog.text.count("without limits") == 1


@in_loop
async def test_a_command_that_is_not_there_is_a_container_error(
    engine: Engine, python: Image, engine_part: str
) -> None:
    async with opened(engine) as group:
        before = await left(engine_part)
        with pytest.raises(ContainerError, match="no-such-command"):
            await start(group, python, "no-such-command")
        assert await left(engine_part) == before


@in_loop
async def test_a_killed_container_ends_with_grace(engine: Engine, python: Image) -> None:
    async with opened(engine) as group:
        script = "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.1; done"
        container = await start(group, python, "sh", "-c", script, memory=1.0)
        while await container.logs() != b"ready\n":
            await asyncio.sleep(0.05)
        await container.kill()
        assert await container.wait() == Exit(code=5)
        assert await container.logs() == b"ready\nbye\n"
        # Nothing when it has ended.
        await container.kill()
        # By force, and that is not for want of memory.
        deaf = await start(group, python, *FOR_EVER, memory=1.0)
        await deaf.kill()
        assert await deaf.wait() == Exit(code=137)


@in_loop
async def test_a_removed_container_can_be_waited_for_and_removed(
    engine: Engine, python: Image
) -> None:
    async with opened(engine) as group:
        container = await start(group, python, *FOR_EVER, memory=1.0)
        waiting = asyncio.create_task(container.wait())
        await asyncio.sleep(0.2)
        await container.remove()
        assert (await waiting).code == 137
        assert not (await waiting).killed
        await container.remove()


@in_loop
async def test_many_are_waited_for_at_once(engine: Engine, python: Image) -> None:
    async with opened(engine) as group:
        container = await start(group, python, *FOR_EVER)
        waiting = [asyncio.create_task(container.wait()) for _ in range(40)]
        await asyncio.sleep(0)
        assert await container.run(("true",), seconds=10) == 0
        await container.remove()
        assert {(await each).code for each in waiting} == {137}


# What they say.


@in_loop
async def test_a_log_has_both_streams_in_order(engine: Engine, python: Image) -> None:
    async with opened(engine) as group:
        # Engines tell apart what is a moment apart.
        script = "for i in 1 2 3; do echo out $i; sleep 0.05; echo err $i >&2; sleep 0.05; done"
        container = await start(group, python, "sh", "-c", script)
        await container.wait()
        whole = b"out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n"
        assert await container.logs() == whole
        assert await container.logs(tail=2) == b"out 3\nerr 3\n"
        stamped = (await container.logs(timestamps=True)).decode().splitlines()
        assert [line.partition(" ")[2] for line in stamped] == whole.decode().splitlines()
        assert all(line.startswith("20") and "T" in line.split()[0] for line in stamped)


@in_loop
async def test_a_follower_hears_what_comes_until_the_end(engine: Engine, python: Image) -> None:
    async with opened(engine) as group:
        script = "echo before; read line < /tmp/go; echo $line; sleep 0.3; echo after >&2"
        container = await start(
            group, python, "sh", "-c", f"mkfifo /tmp/go; {script}", name="talker"
        )
        while await container.logs() != b"before\n":
            await asyncio.sleep(0.05)
        heard: list[bytes] = []

        async def follow() -> None:
            async for text in container.follow():
                heard.append(text)

        following = asyncio.create_task(follow())
        await asyncio.sleep(0.5)
        await container.run(("sh", "-c", "echo now > /tmp/go"), seconds=10)
        await asyncio.wait_for(following, 20)
        assert b"".join(heard) == b"now\nafter\n"
        assert [text async for text in container.follow()] == []


# Processes in them.


@in_loop
async def test_a_process_with_a_terminal_hears_and_knows_its_size(
    engine: Engine, python: Image
) -> None:
    async with opened(engine) as group:
        container = await start(group, python, *FOR_EVER)
        stream = await container.execute(("sh",), rows=30, columns=100)
        text = b""

        async def until(expected: bytes) -> None:
            nonlocal text
            while expected not in text:
                part = await asyncio.wait_for(stream.read(), 10)
                assert part, text
                text += part

        await stream.write(b"stty size; tty\n")
        await until(b"30 100\r\n/dev/")
        await stream.resize(rows=40, columns=120)
        await stream.write(b"stty size\n")
        await until(b"40 120\r\n")
        await stream.write(b"exit\n")
        while await asyncio.wait_for(stream.read(), 10):
            pass
        await stream.write(b"nobody hears\n")
        await stream.close()


@in_loop
async def test_a_process_without_a_terminal_says_all(engine: Engine, python: Image) -> None:
    async with opened(engine) as group:
        container = await start(group, python, *FOR_EVER)
        # At once, and more than fits one read.
        for script, expected in (("echo hello", 6), ("head -c 3000000 /dev/zero", 3000000)):
            stream = await container.execute(("sh", "-c", script))
            length = 0
            while text := await stream.read():
                length += len(text)
            assert length == expected
            await stream.close()


@in_loop
async def test_a_closed_stream_is_at_its_end_for_who_reads(engine: Engine, python: Image) -> None:
    async with opened(engine) as group:
        container = await start(group, python, *FOR_EVER)
        for size in ({}, {"rows": 24, "columns": 80}):
            stream = await container.execute(FOR_EVER, **size)
            reading = asyncio.create_task(stream.read())
            await asyncio.sleep(0.1)
            await stream.close()
            assert await asyncio.wait_for(reading, 5) == b""


@in_loop
async def test_a_process_in_a_container_that_has_ended_is_an_error(
    engine: Engine, python: Image
) -> None:
    async with opened(engine) as group:
        container = await start(group, python, "true")
        await container.wait()
        with pytest.raises(ContainerError):
            await container.execute(("sh",), rows=24, columns=80)
        assert await container.run(("true",), seconds=5) != 0


@in_loop
async def test_a_probe_has_the_code_of_its_process_or_runs_out_of_time(
    engine: Engine, python: Image
) -> None:
    async with opened(engine) as group:
        container = await start(group, python, *FOR_EVER)
        for code in (0, 7):
            assert await container.run(("sh", "-c", f"echo x; exit {code}"), seconds=10) == code
        began = time.monotonic()
        assert await container.run(FOR_EVER, seconds=0.5) == 124
        assert time.monotonic() - began < 3
        assert await container.run(("no-such-command",), seconds=10) in (126, 127)


# Leftovers.


@in_loop
async def test_leftovers_of_a_killed_emulator_are_removed_and_others_stay(
    engine_part: str, python: Image, registry_part: RunningRegistry
) -> None:
    context = registry_part.client_context()
    killed = Engine(engine_part, state_id="killed", context=context)
    other = Engine(engine_part, state_id="other", context=context)
    address, port = own_address(), free_port()
    order = GroupOrder(key="left", ports=((port, "tcp"),), volumes={"v": {"x": b"y"}})
    group = await killed.open(order, address=address)
    await start(group, python, *FOR_EVER, mounts=(Mount(volume="v", path="/v"),))
    kept = await other.open(order, address=own_address())
    both = await left(engine_part)
    assert len(both) == 5
    await Engine(engine_part, state_id="killed", context=context).clean_up()
    assert len(await left(engine_part)) == 2
    await kept.remove()
    assert await left(engine_part) == []


@functools.cache
def api_at(host: str) -> EngineApi:
    return EngineApi(host)


async def left(host: str) -> list[str]:
    """The containers and volumes of emulators."""
    wanted = {"label": "acideploy.emulator"}
    api = api_at(host)
    containers = await api.call(lambda client: client.containers(all=True, filters=wanted))
    volumes = await api.call(lambda client: client.volumes(filters=wanted)["Volumes"])
    return [*(each["Names"][0] for each in containers), *(each["Name"] for each in volumes or ())]


# Images.


@in_loop
async def test_an_image_of_the_emulator_s_registry_needs_the_right_login(
    engine: Engine, base_image_part: BaseImage, acr_part: RunningAcr, python: Image
) -> None:
    # The engine has the same content already, from a repository that asks nothing.
    acr_part.tokens.users["admin", "secret"] = OWNER
    digest = push(base_image_part, acr_part, "private", credentials="admin:secret")
    name = f"{acr_part.host}/private"
    right = Credentials(server=acr_part.host, username="admin", password="secret")
    wrong = Credentials(server=acr_part.host, username="admin", password="guess")
    for login in (wrong, None):
        with pytest.raises(ImageError) as refused:
            await engine.resolve(name, login)
        assert refused.value.inaccessible
        with pytest.raises(ImageError) as refused:
            await engine.pull(Image(name=name, digest=digest), login)
        assert refused.value.inaccessible
    image = await engine.resolve(f"{name}:latest", right)
    assert image == Image(name=f"{name}:latest", digest=digest)
    await engine.pull(image, right)
    async with opened(engine) as group:
        assert await said(group, image, "echo here") == "here\n"


@in_loop
async def test_a_registry_may_ask_for_the_password_itself(
    engine_part: str, base_image_part: BaseImage
) -> None:
    with registry(users={"user": "secret"}) as part:
        engine = Engine(engine_part, state_id="basic", context=part.client_context())
        digest = push(base_image_part, part, "basic", credentials="user:secret")
        name = f"{part.host}/basic@{digest}"
        right = Credentials(server=part.host, username="user", password="secret")
        image = await engine.resolve(name, right)
        assert image.digest == digest
        await engine.pull(image, right)
        with pytest.raises(ImageError) as refused:
            await engine.resolve(name, Credentials(server="", username="user", password="no"))
        assert refused.value.inaccessible


class _NoEngines(Plain):
    """Engines do not come here, as if they ran in a virtual machine."""

    def answer(self, request: Request) -> Answer | None:
        agent = request.head.get("user-agent") or ""
        return None if agent.startswith("Python") else Answer(status=404)


@in_loop
async def test_an_engine_that_does_not_reach_the_registry_is_brought_the_image(
    engine: Engine, glibc_image_part: BaseImage, registry_part: RunningRegistry
) -> None:
    # One for this kind of processor among several.
    push(glibc_image_part, registry_part, "brought", variant="index")
    with proxy(registry_part, dress=_NoEngines()) as door:
        image = await engine.resolve(f"{door.host}/brought", None)
        await engine.pull(image, None)
        read = len(door.traffic)
        # It is there now.
        await engine.pull(image, None)
        assert len(door.traffic) == read
    async with opened(engine) as group:
        container = await start(group, image, "/lib64/ld-linux-x86-64.so.2", "--version")
        assert await container.wait() == Exit(code=0)


@in_loop
async def test_what_was_pulled_for_groups_goes_with_the_emulator(
    engine_part: str, glibc_image_part: BaseImage, registry_part: RunningRegistry
) -> None:
    digest = push(glibc_image_part, registry_part, "goes")
    with proxy(registry_part, dress=_NoEngines()) as door:
        emulator = Engine(engine_part, state_id="ends", context=registry_part.client_context())
        images = [
            Image(name=f"{host}/goes", digest=digest) for host in (registry_part.host, door.host)
        ]
        for image in images:
            await emulator.pull(image, None)
        has = Images(api_at(engine_part), context=registry_part.client_context()).local_id
        # The second came as an archive, as the engine does not reach its registry.
        assert all([await has(image) for image in images])
        await emulator.close()
        assert not any([await has(image) for image in images])


@in_loop
async def test_an_image_that_is_not_there_is_told_from_a_registry_that_is_not(
    engine: Engine, registry_part: RunningRegistry
) -> None:
    with pytest.raises(ImageError) as missing:
        await engine.resolve(f"{registry_part.host}/no/such:image", None)
    assert missing.value.inaccessible
    with pytest.raises(ImageError) as unreachable:
        await engine.resolve(f"localhost:{free_port()}/some/image", None)
    assert not unreachable.value.inaccessible


@in_loop
async def test_an_image_that_the_engine_has_needs_no_registry(
    engine: Engine, engine_part: str, python: Image
) -> None:
    api = api_at(engine_part)
    for repository in ("localhost/emulator/mine", "docker.io/library/emulator-mine"):
        await api.call(lambda client, to=repository: client.tag(python.pinned, to, "v1"))
    async with opened(engine) as group:
        for name in ("localhost/emulator/mine:v1", "emulator-mine:v1"):
            image = await engine.resolve(name, None)
            assert image.digest.startswith("sha256:")
            await engine.pull(image, None)
            assert await said(group, image, "echo mine") == "mine\n"


@in_loop
async def test_an_image_of_a_registry_out_of_reach_is_not_called_inaccessible(
    engine: Engine,
) -> None:
    # A name that never resolves (RFC 6761).
    with pytest.raises(ImageError) as unreachable:
        await engine.resolve("registry.invalid/some/image:1", None)
    assert not unreachable.value.inaccessible


# Engines.


def test_an_engine_is_found_where_the_environment_says(engine_part: str) -> None:
    assert find_engine({"DOCKER_HOST": engine_part}).host == engine_part


def test_no_engine_is_none_with_a_reason(tmp_path: Path) -> None:
    nowhere = f"unix://{tmp_path}/nowhere.sock"
    found = find_engine({"DOCKER_HOST": nowhere})
    assert found.host is None
    assert nowhere in found.reason
    if not os.path.exists("/var/run/docker.sock"):
        assert "/run/podman/podman.sock" in find_engine({}).reason

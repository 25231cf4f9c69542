"""What an environment comes to, and what is told where it comes to nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from acideploy.config.problem import Place
from acideploy.config.values import Requirement
from acideploy.environment.conda_part import CondaPart
from acideploy.environment.lock import EnvironmentLock
from acideploy.environment.platforms import IMAGE
from acideploy.environment.request import EnvironmentRequest
from acideploy.environment.solve import solve
from acideploy.errors import DependencyError
from acideploy.serving import ServingStack
from tests.functional.environment.conftest import Machine, write_python
from tests.parts.channel_server import channel_server
from tests.parts.conda_package import index, write_package
from tests.parts.process import free_port
from tests.tiny import compiled_source, wheel


def asked(text: str, line: int = 4) -> Requirement:
    return Requirement(text=text, place=Place(file="conda.yml", line=line, column=5, text=text))


def conda(machine: Machine, *specs: str, channels: tuple[str, ...] = ()) -> EnvironmentRequest:
    part = CondaPart(
        channels=channels or (machine.channel.as_uri(),),
        specs=("python=3.11", *specs),
        origins=tuple(asked(spec, line) for line, spec in enumerate(specs, 4)),
    )
    return replace(machine.request(), conda=part)


def pip(machine: Machine, *lines: str, stack: tuple[str, ...] = ()) -> EnvironmentRequest:
    origins = tuple(
        (line.partition("==")[0].partition(">")[0], asked(line, at))
        for at, line in enumerate(lines)
    )
    return EnvironmentRequest(
        python="3.11",
        lines=(f"--find-links {machine.folder}", "--no-index", *lines),
        directory=machine.folder,
        stack=ServingStack(python="3.11", requirements=stack, constraints=()),
        origins=origins,
    )


def solved(machine: Machine, request: EnvironmentRequest) -> EnvironmentLock:
    scratch = machine.folder / "solve"
    scratch.mkdir(exist_ok=True)
    return solve(request, platform=IMAGE, scratch=scratch)


def refused(machine: Machine, request: EnvironmentRequest) -> DependencyError:
    with pytest.raises(DependencyError) as failure:
        solved(machine, request)
    return failure.value


def versions(lock: EnvironmentLock) -> dict[str, str]:
    return {each.name: each.version for each in lock.conda}


def test_every_file_is_named_with_its_hash(machine: Machine) -> None:
    machine.make_channel()
    lock = solved(machine, conda(machine, "big", "greeter"))
    assert versions(lock) == {"python": "3.11.7", "libz": "1.2", "big": "1.0", "greeter": "1.0"}
    assert all(len(each.sha256) == 64 and each.size for each in lock.conda)
    assert all(len(each.sha256) == 64 for each in lock.pip)
    assert lock.python == "3.11.7"


def test_a_channel_goes_before_the_next_one(machine: Machine, tmp_path: Path) -> None:
    """The newer version of the second channel is not taken: conda's channel priority."""
    machine.make_channel()
    other = tmp_path / "other"
    write_package(other, name="big", version="9.0")
    index(other)
    channels = (machine.channel.as_uri(), other.as_uri())
    assert versions(solved(machine, conda(machine, "big", channels=channels)))["big"] == "1.0"
    turned = versions(solved(machine, conda(machine, "big", channels=channels[::-1])))
    assert turned["big"] == "9.0"
    named = conda(machine, f"{other.as_uri()}::big", channels=channels)
    assert versions(solved(machine, named))["big"] == "9.0"


def test_packages_are_for_a_container_whatever_this_machine_has(machine: Machine) -> None:
    write_python(machine.channel)
    for version, glibc in (("1.0", "2.17"), ("2.0", "2.28"), ("3.0", "2.99")):
        write_package(
            machine.channel,
            name="native",
            version=version,
            depends=[f"__glibc >={glibc}", "__linux"],
        )
    write_package(machine.channel, name="windows", version="1.0", depends=["__win"])
    index(machine.channel)
    assert versions(solved(machine, conda(machine, "native")))["native"] == "2.0"
    assert "windows" in str(refused(machine, conda(machine, "windows")).detail)


def test_a_conflict_names_the_lines_that_ask_for_it(machine: Machine) -> None:
    write_python(machine.channel)
    write_package(machine.channel, name="shared", version="1.0")
    write_package(machine.channel, name="shared", version="2.0")
    write_package(machine.channel, name="old", version="1.0", depends=["shared <2"])
    write_package(machine.channel, name="new", version="1.0", depends=["shared >=2"])
    index(machine.channel)
    error = refused(machine, conda(machine, "old", "new", "libz"))
    assert "conda packages cannot be installed together" in error.message
    assert "conda.yml:4:5: old\nconda.yml:5:5: new\n" in str(error.detail)
    assert "libz" not in str(error.detail).partition("\n\n")[0]


def test_a_version_that_no_channel_has_names_its_line(machine: Machine) -> None:
    machine.make_channel()
    error = refused(machine, conda(machine, "greeter=1.0", "big=7"))
    assert str(error.detail).startswith("conda.yml:5:5: big=7\n")


def test_a_dependency_that_conda_cannot_read_is_refused_at_its_place(machine: Machine) -> None:
    error = refused(machine, conda(machine, "big["))
    assert error.message == "'big[' is not a dependency that conda can read"
    assert str(error.place) == "conda.yml:4:5"


def test_a_channel_that_is_not_there_is_named(machine: Machine, tmp_path: Path) -> None:
    error = refused(machine, conda(machine, channels=((tmp_path / "nowhere").as_uri(),)))
    assert "nowhere cannot be read" in error.message
    assert "--no-conda" in str(error.hint)


@pytest.mark.parametrize("login", [{"user": "me", "password": "secret"}, {"token": "secret"}])
def test_a_channel_with_a_login_is_read_and_the_login_stays_out_of_the_lock(
    machine: Machine, login: dict[str, str]
) -> None:
    machine.make_channel()
    with channel_server(machine.channel, **login) as server:
        request = conda(machine, "big", channels=(server.login_url,))
        layers = machine.ensure(request)
        assert [each.created_by for each in layers][:2] == [
            "acideploy python 3.11.7",
            "acideploy big 1.0",
        ]
        lock = solved(machine, request)
        assert {each.url.startswith(f"{server.url}/") for each in lock.conda} == {True}
        stored = b"".join(
            path.read_bytes() for path in (machine.folder / "layout").rglob("*") if path.is_file()
        )
        assert b"secret" not in stored


def test_a_login_that_is_wrong_is_told_and_not_shown(machine: Machine) -> None:
    machine.make_channel()
    with channel_server(machine.channel, user="me", password="right") as server:
        url = server.login_url.replace("right", "secret")
        error = refused(machine, conda(machine, channels=(url,)))
    assert f"{server.url} cannot be read" in error.message
    assert "401" in str(error.detail)
    assert "secret" not in f"{error} {error.detail} {error.hint}"


@pytest.mark.parametrize("login", ["me:secret@{host}", "{host}/t/secret"])
def test_a_login_for_a_channel_that_does_not_answer_is_not_shown(
    machine: Machine, login: str
) -> None:
    host = f"127.0.0.1:{free_port()}"
    url = f"http://{login.format(host=host)}/channel"
    error = refused(machine, conda(machine, channels=(url,)))
    assert f"http://{host}/channel cannot be read" in error.message
    assert "Connection refused" in str(error.detail)
    assert "secret" not in f"{error} {error.detail} {error.hint}"


def test_pip_keeps_what_conda_has_installed(machine: Machine) -> None:
    machine.make_channel()
    write_package(machine.channel, name="tiny", version="1.0", depends=["python"])
    index(machine.channel)
    assert solved(machine, conda(machine, "tiny")).pip == ()


def test_a_package_that_is_pure_python_is_built_from_its_source(machine: Machine) -> None:
    source = machine.folder / "pure"
    source.mkdir()
    (source / "pyproject.toml").write_text('[project]\nname = "pure"\nversion = "3.0"\n')
    (source / "pure.py").write_text("V = 3\n")
    lock = solved(machine, machine.request("./pure"))
    assert [(each.name, each.version, each.source) for each in lock.pip] == [("pure", "", True)]


def test_a_package_that_has_to_be_compiled_is_refused_with_the_ways_out(machine: Machine) -> None:
    source = machine.folder / "native"
    source.mkdir()
    (source / "setup.py").write_text(
        "from setuptools import Extension, setup\n"
        "setup(name='native', version='1.0', ext_modules=[Extension('native', ['native.c'])])\n"
    )
    (source / "native.c").write_text("int nothing;\n")
    error = refused(machine, machine.request("./native"))
    assert error.message.startswith("native has no wheel for this Python")
    assert "docker" in str(error.hint)
    assert "az acr build" in str(error.hint)


def test_a_pin_against_the_serving_stack_is_told_as_that(machine: Machine) -> None:
    wheel(machine.folder, name="server")
    error = refused(machine, pip(machine, "tiny==1.0", "server==1.0", stack=("server2==1.0",)))
    assert error.message.startswith("what serves the script cannot be installed beside")


def test_a_version_that_is_nowhere_names_its_line(machine: Machine) -> None:
    error = refused(machine, pip(machine, "tiny==7.0"))
    assert "cannot be installed together for Python 3.11" in error.message
    assert "conda.yml:0:5: tiny==7.0" in str(error.detail)
    assert str(error.hint).startswith("works with tiny==1.0 (conda.yml:0:5 asks for tiny==7.0)")
    assert "acideploy environment upgrade" in str(error.hint)


def test_of_pins_in_conflict_the_hint_names_the_one_that_can_move(machine: Machine) -> None:
    for version in ("1.0", "1.1", "1.2"):
        wheel(machine.folder, name="base", version=version)
    wheel(machine.folder, name="user", version="5.0", needs=["base>=1.1"])
    error = refused(machine, pip(machine, "tiny==1.0", "base==1.0", "user==5.0"))
    assert str(error.hint).startswith("works with base==1.1 (conda.yml:1:5 asks for base==1.0); ")


def test_a_pin_against_the_serving_stack_has_a_version_that_goes_with_it(
    machine: Machine,
) -> None:
    wheel(machine.folder, name="server", needs=["tiny>=2"])
    wheel(machine.folder, name="tiny", version="2.1")
    error = refused(machine, pip(machine, "tiny==1.0", stack=("server==1.0",)))
    assert error.message.startswith("what serves the script cannot be installed beside")
    assert str(error.hint).startswith("works with tiny==2.1 (conda.yml:0:5 asks for tiny==1.0)")


def test_a_source_that_would_be_compiled_has_a_wheel_of_another_version(
    machine: Machine,
) -> None:
    compiled_source(machine.folder)
    wheel(machine.folder, name="native", version="1.4")
    error = refused(machine, pip(machine, "native==1.0"))
    assert error.message.startswith("native 1.0 has no wheel for this Python")
    assert "works with native==1.4 (conda.yml:0:5 asks for native==1.0)" in str(error.hint)


def test_where_the_index_is_out_of_reach_nothing_more_is_tried(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    request = replace(
        pip(machine, "tiny==1.0"), lines=("--index-url http://127.0.0.1:9/simple", "tiny==1.0")
    )
    error = refused(machine, request)
    assert error.message == "http://127.0.0.1:9/simple/tiny/ could not be reached"
    assert "works with" not in str(error.hint)


def test_what_no_index_has_is_told_at_its_line(machine: Machine) -> None:
    error = refused(machine, pip(machine, "tiny", "nope==1.0"))
    assert error.message == "no package index has nope"
    assert (error.place and error.place.line) == 1
    assert "check the spelling" in str(error.hint)
    assert "part of Python" in str(refused(machine, pip(machine, "os")).hint)


def test_an_index_that_wants_a_login_is_no_matter_of_the_network(machine: Machine) -> None:
    with channel_server(machine.folder, user="me", password="secret") as index:
        request = replace(pip(machine, "tiny"), lines=(f"--index-url {index.url}", "tiny"))
        error = refused(machine, request)
    assert "answers 401 Unauthorized" in error.message
    assert "give a login" in str(error.hint)


def test_a_lock_is_taken_as_it_is(machine: Machine) -> None:
    machine.make_channel()
    lock = solved(machine, conda(machine, "big=1"))
    machine.make_channel(big="2.0")
    request = conda(machine, "big")
    assert versions(solved(machine, request))["big"] == "2.0"
    assert solved(machine, replace(request, lock=lock)) == lock


@pytest.mark.parametrize(
    ("lines", "message"),
    [(("tiny==2.0",), "it has tiny 1.0"), (("tiny", "other"), "it does not have it")],
)
def test_a_lock_for_other_lines_is_refused(
    machine: Machine, lines: tuple[str, ...], message: str
) -> None:
    lock = solved(machine, pip(machine, "tiny"))
    error = refused(machine, replace(pip(machine, *lines), lock=lock))
    assert message in error.message
    assert "acideploy environment lock" in str(error.hint)


def test_a_lock_for_another_python_is_refused(machine: Machine) -> None:
    lock = EnvironmentLock(python="3.10", platform="linux-64")
    error = refused(machine, replace(pip(machine, "tiny"), lock=lock))
    assert error.message == "the lock is for Python 3.10, not 3.11"

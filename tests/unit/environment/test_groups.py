"""How packages are spread over layers."""

from __future__ import annotations

import hashlib

from acideploy.environment.groups import Group, groups
from acideploy.environment.lock import CondaPackage, EnvironmentLock, PipPackage

MEGABYTE = 1_000_000


def conda(name: str, *depends: str, size: int = 0, version: str = "1") -> CondaPackage:
    return CondaPackage(
        name=name,
        version=version,
        build="0",
        build_number=0,
        subdir="linux-64",
        url=f"https://host/channel/linux-64/{name}-{version}-0.conda",
        sha256=hashlib.sha256(f"conda {name} {version}".encode()).hexdigest(),
        size=size,
        depends=depends,
    )


def pip(name: str, *, size: int = 0, version: str = "1") -> PipPackage:
    return PipPackage(
        name=name,
        version=version,
        location=f"https://host/{name}-{version}-py3-none-any.whl",
        sha256=hashlib.sha256(f"pip {name} {version}".encode()).hexdigest(),
        size=size,
    )


def lock(*packages: CondaPackage | PipPackage) -> EnvironmentLock:
    return EnvironmentLock(
        python="3.11.7",
        platform="linux-64",
        conda=tuple(each for each in packages if isinstance(each, CondaPackage)),
        pip=tuple(each for each in packages if isinstance(each, PipPackage)),
    )


def names(group: Group) -> list[str]:
    return [each.name for each in (*group.conda, *group.pip)]


PYTHON = (
    conda("openssl", size=9 * MEGABYTE),
    conda("python", "openssl >=3", "zlib"),
    conda("zlib"),
)


def test_what_changes_together_lies_together_and_large_packages_alone() -> None:
    found = groups(
        lock(
            *PYTHON,
            conda("mkl", size=200 * MEGABYTE),
            conda("numpy", "python", "mkl"),
            conda("blas"),
            pip("flask"),
            pip("granian", size=5 * MEGABYTE),
            pip("pandas", size=12 * MEGABYTE),
            pip("werkzeug"),
            pip("own"),
        ),
        serving={"flask", "granian", "werkzeug"},
    )
    assert [(group.title, names(group)) for group in found] == [
        ("python 3.11.7", ["openssl", "python", "zlib"]),
        ("mkl 1", ["mkl"]),
        ("2 conda packages", ["numpy", "blas"]),
        ("granian 1", ["granian"]),
        ("pandas 1", ["pandas"]),
        ("serving stack", ["flask", "werkzeug"]),
        ("1 pip package", ["own"]),
    ]


def test_without_conda_there_is_pip_alone() -> None:
    assert [group.title for group in groups(lock(pip("a"), pip("b")))] == ["2 pip packages"]


def test_an_image_never_has_too_many_layers() -> None:
    many = [pip(f"p{number}", size=(5 + number) * MEGABYTE) for number in range(300)]
    found = groups(lock(*many))
    assert len(found) == 65
    assert sum(len(group.pip) for group in found) == 300
    # The largest ones have the layers of their own.
    assert "p299 1" in [group.title for group in found]


def test_a_layer_is_named_by_what_goes_in() -> None:
    def key(package: PipPackage, *made_for: str) -> str:
        return Group(title="any", pip=(package,)).key(made_for=made_for)

    assert key(pip("a"), "x") == key(pip("a"), "x")
    assert key(pip("a"), "x") != key(pip("a", version="2"), "x")
    assert key(pip("a"), "x") != key(pip("b"), "x")
    assert key(pip("a"), "x") != key(pip("a"), "y")


def test_another_package_changes_no_other_layer() -> None:
    before = groups(lock(*PYTHON, conda("big", size=50 * MEGABYTE), pip("a")))
    after = groups(lock(*PYTHON, conda("big", size=50 * MEGABYTE), pip("a"), pip("b")))
    assert before[:2] == after[:2]

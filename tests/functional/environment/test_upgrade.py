"""A conda file that cannot be resolved any more, and the one that is proposed for it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from acideploy.errors import ConfigurationError, DependencyError
from acideploy.events import Noticed
from tests.functional.environment.conftest import write_python
from tests.functional.environment.shelf import Shelf
from tests.parts.conda_package import index, write_package
from tests.tiny import compiled_source


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "conda-cache"))
    (tmp_path / "shelf").mkdir()
    return Shelf(tmp_path / "shelf")


def noticed(shelf: Shelf) -> list[str]:
    return [each.problem.code for each in shelf.events if isinstance(each, Noticed)]


def test_lines_that_can_be_kept_are_kept(shelf: Shelf) -> None:
    shelf.put("old", "1.0", "1.1")
    assert shelf.changes("old==1.0") == {}


def test_a_version_without_a_wheel_gives_way_to_the_next_one_that_has_one(shelf: Shelf) -> None:
    shelf.put("old", "1.0", "1.1", python="cp36")
    shelf.put("old", "1.2", "1.3", "2.0", python="cp38")
    shelf.put("other", "1.0", "2.0")
    assert shelf.changes("old==1.0", "other==1.0") == {
        "old==1.0": ("old==1.2", "no wheel for Python 3.8 before 1.2")
    }


def test_where_there_is_nothing_newer_the_newest_older_one_is_taken(shelf: Shelf) -> None:
    shelf.put("young", "1.0", "1.1", python="cp38")
    shelf.put("young", "2.0", python="cp311")
    assert shelf.changes("young==2.0") == {
        "young==2.0": ("young==1.1", "no wheel for Python 3.8 after 1.1")
    }


def test_of_pins_in_conflict_one_moves_and_no_further_than_it_has_to(shelf: Shelf) -> None:
    shelf.put("base", "1.0", "1.1", "1.2", "1.3")
    shelf.put("user", "5.0", needs=["base>=1.2"])
    shelf.put("user", "6.0", needs=["base>=1.3"])
    shelf.put("third", "1.0", "2.0", needs=["base"])
    assert shelf.changes("base==1.0", "third==1.0", "user==5.0") == {
        "base==1.0": ("base==1.2", "does not go with user")
    }


def test_where_no_newer_version_goes_with_the_others_an_older_one_is_taken(shelf: Shelf) -> None:
    shelf.put("base", "1.0", "1.9", "2.0", "2.1")
    shelf.put("stale", "5.0", needs=["base<2"])
    shelf.put("third", "1.0", "2.0", needs=["base"])
    assert shelf.changes("third==1.0", "base==2.0", "stale==5.0") == {
        "base==2.0": ("base==1.9", "does not go with stale")
    }


def test_what_is_not_pinned_gives_way_before_what_is(shelf: Shelf) -> None:
    shelf.put("old", "1.0", python="cp36")
    shelf.put("old", "1.1", "1.2")
    shelf.put("free", "1.0")
    shelf.put("free", "2.0", needs=["old>=1.2"])
    assert shelf.changes("old==1.0", "free") == {
        "old==1.0": ("old==1.1", "no wheel for Python 3.8 before 1.1")
    }


def test_a_pin_against_the_serving_stack_moves(shelf: Shelf) -> None:
    shelf.put("flask", "1.1", "2.1", "3.0")
    shelf.put("granian", "1.6.4", needs=["flask>=2"])
    assert shelf.changes("flask==1.1") == {"flask==1.1": ("flask==2.1", "does not go with granian")}


def test_a_range_changes_only_where_nothing_in_it_can_be_had(shelf: Shelf) -> None:
    shelf.put("low", "0.8", "0.9", python="cp36")
    shelf.put("low", "1.5")
    shelf.put("fine", "0.8", "3.0")
    shelf.put("wide", "1.0", python="cp36")
    shelf.put("wide", "1.9", "2.0")
    assert shelf.changes("low<=0.9", "fine<=0.9", "wide>=1.0,<2") == {
        "low<=0.9": ("low<=1.5", "no wheel for Python 3.8 before 1.5")
    }


def test_the_file_of_another_python_becomes_its_name(shelf: Shelf) -> None:
    shelf.put("tool", "1.0", python="cp36")
    shelf.put("tool", "1.4", python="cp38")
    name = "tool-1.0-cp36-cp36-manylinux2014_x86_64.whl"
    assert shelf.changes(f"./{name}") == {
        f"./{name}": (
            "tool==1.4",
            "the file is not for Python 3.8; no wheel for Python 3.8 before 1.4",
        )
    }


@pytest.mark.parametrize(
    ("asked", "after"),
    [
        ("python=3.6.2", "python=3.7"),
        ("python 3.6.*", "python=3.7"),
        ("python>=3.5.2,<3.7", "python=3.7"),
        ("conda-forge::python=3.6", "conda-forge::python=3.7"),
        ("python=3.99", "python=3.13"),
        ("python=2.7", "python=3.7"),
    ],
)
def test_a_python_that_is_no_longer_served_becomes_the_nearest_newer_one(
    shelf: Shelf, asked: str, after: str
) -> None:
    shelf.conda_file(conda=[asked])
    found = shelf.upgrade(no_conda=True)
    assert [(each.requirement.text, each.after) for each in found.changes] == [(asked, after)]
    assert found.changes[0].reason == "only Python 3.7 to 3.13 is served"


def test_where_the_nearest_python_has_no_set_the_next_one_is_tried(shelf: Shelf) -> None:
    shelf.put("one", "1.0", needs=["shared<2 ; python_version < '3.9'"])
    shelf.put("two", "1.0", needs=["shared>=2"])
    shelf.put("shared", "1.0", "2.0")
    assert shelf.changes("one==1.0", "two==1.0") == {
        "python=3.8": ("python=3.9", "no set of versions was found for Python 3.8")
    }
    with pytest.raises(DependencyError, match=r"together for Python 3\.8"):
        shelf.upgrade(python="3.8", no_conda=True)


def test_a_python_that_is_asked_for_is_taken(shelf: Shelf) -> None:
    shelf.put("old", "1.0", python="cp38")
    shelf.put("old", "1.4", python="cp310")
    changes = shelf.changes("old==1.0", python="3.10")
    assert changes["python=3.8"] == ("python=3.10", "--python 3.10")
    assert changes["old==1.0"][0] == "old==1.4"


def test_the_difference_changes_the_old_file_into_the_new_one(shelf: Shelf, tmp_path: Path) -> None:
    """Comments, blanks, quotes and line ends are as they were; `patch` takes the difference."""
    shelf.put("old", "1.0", python="cp36")
    shelf.put("old", "1.1")
    text = (
        "# old==1.0 was the best\r\nname: x\r\ndependencies:\r\n- python=3.6.2   # the old one\r\n"
        f"- pip:\r\n  - --find-links {shelf.folder}\r\n  - --no-index\r\n"
        "\r\n  -   'old==1.0'  # old==1.0\r\n# the end"
    ).encode()
    (shelf.folder / "conda.yml").write_bytes(text)
    found = shelf.upgrade(no_conda=True, output=Path("new.yml"))
    new = (shelf.folder / "new.yml").read_bytes()
    assert new == text.replace(b"'old==1.0'", b"'old==1.1'").replace(b"=3.6.2 ", b"=3.7 ")
    assert (shelf.folder / "conda.yml").read_bytes() == text
    (tmp_path / "difference").write_bytes(found.difference.encode())
    subprocess.run(
        ["patch", "--binary", "-p0", "-i", str(tmp_path / "difference")],
        cwd=shelf.folder,
        check=True,
        capture_output=True,
    )
    assert (shelf.folder / "conda.yml").read_bytes() == new


def test_nothing_is_written_that_nobody_asked_for(shelf: Shelf) -> None:
    path = shelf.conda_file(conda=["python=3.6"])
    before = path.read_bytes()
    assert shelf.upgrade(no_conda=True).difference
    assert path.read_bytes() == before


def test_a_file_that_resolves_has_no_difference(shelf: Shelf) -> None:
    shelf.conda_file()
    assert shelf.upgrade(no_conda=True).difference == ""


def test_what_is_proposed_is_a_file_with_nothing_more_to_change(shelf: Shelf) -> None:
    shelf.put("old", "1.0", python="cp36")
    shelf.put("old", "1.1")
    path = shelf.conda_file("old==1.0", conda=["python=3.6"])
    assert len(shelf.upgrade(no_conda=True, output=path).changes) == 2
    assert shelf.upgrade(no_conda=True).changes == ()


def test_a_package_that_is_nowhere_names_its_line(shelf: Shelf) -> None:
    shelf.conda_file("tarfile")
    with pytest.raises(DependencyError) as failure:
        shelf.upgrade(no_conda=True)
    assert failure.value.message.startswith("'tarfile' has no version for Python 3.8")
    assert str(failure.value.place) == "conda.yml:7:7"
    assert failure.value.hint == "take the line out: that module is part of Python"


def test_a_set_with_something_to_compile_is_not_proposed(shelf: Shelf) -> None:
    compiled_source(shelf.folder)
    shelf.conda_file("native==1.0", conda=["python=3.6"])
    with pytest.raises(DependencyError, match=r"native 1.0 has no wheel for this Python"):
        shelf.upgrade(no_conda=True)


def test_a_line_whose_host_is_out_of_reach_is_named(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    shelf.conda_file("http://127.0.0.1:9/thing-1.0-py3-none-any.whl")
    with pytest.raises(DependencyError) as failure:
        shelf.upgrade(no_conda=True)
    assert "127.0.0.1:9/thing-1.0-py3-none-any.whl could not be reached" in failure.value.message
    assert str(failure.value.place) == "conda.yml:7:7"


def test_versions_that_never_go_together_are_told(shelf: Shelf) -> None:
    shelf.put("one", "1.0", needs=["shared<2"])
    shelf.put("two", "1.0", needs=["shared>=2"])
    shelf.put("shared", "1.0", "2.0")
    shelf.conda_file("one==1.0", "two==1.0")
    with pytest.raises(DependencyError, match="no versions were found"):
        shelf.upgrade(no_conda=True)


def test_a_line_with_no_fixed_file_is_refused_at_its_place(shelf: Shelf) -> None:
    shelf.conda_file("git+https://github.com/some/thing")
    with pytest.raises(ConfigurationError) as failure:
        shelf.upgrade()
    [problem] = failure.value.problems
    assert (problem.code, str(problem.place)) == ("no-fixed-file", "conda.yml:7:7")


def test_lines_that_no_channel_could_be_asked_about_are_named(shelf: Shelf) -> None:
    shelf.put("old", "1.0", python="cp36")
    shelf.put("old", "1.1")
    shelf.conda_file("old==1.0", conda=["python=3.8", "big=1"])
    found = shelf.upgrade()
    assert [each.after for each in found.changes] == ["old==1.1"]
    assert [each.text for each in found.unchecked] == ["python=3.8", "big=1"]
    assert "conda-not-checked" in noticed(shelf)


def test_with_no_conda_the_lines_of_conda_are_looked_for_on_the_index(shelf: Shelf) -> None:
    shelf.put("big", "1.0", python="cp36")
    shelf.put("big", "1.4")
    shelf.conda_file(conda=["python=3.8", "big=1.0"])
    [change] = shelf.upgrade(no_conda=True).changes
    assert (change.requirement.text, change.after) == ("big=1.0", "big=1.4")


def test_conda_packages_move_no_further_than_they_have_to(shelf: Shelf) -> None:
    write_python(shelf.channel)
    for version in ("1.2", "1.3", "2.0"):
        write_package(shelf.channel, name="big", version=version, depends=["python"])
    write_package(shelf.channel, name="user", version="5.0", depends=["base >=1.2"])
    for version in ("1.0", "1.2", "1.3"):
        write_package(shelf.channel, name="base", version=version)
    write_package(shelf.channel, name="kept", version="1.0")
    write_package(shelf.channel, name="kept", version="2.0")
    index(shelf.channel)
    shelf.conda_file(
        conda=["python=3.11", "big=1.0", "user=5.0", "base==1.0", "kept 1.*"],
    )
    found = shelf.upgrade()
    assert {each.requirement.text: (each.after, each.reason) for each in found.changes} == {
        "big=1.0": ("big=1.2", "no channel has that version for this Python"),
        "base==1.0": ("base==1.2", "does not go with user"),
    }
    assert found.unchecked == ()


def test_pip_lines_move_beside_what_conda_has(shelf: Shelf) -> None:
    write_python(shelf.channel)
    index(shelf.channel)
    shelf.put("old", "1.0", python="cp36")
    shelf.put("old", "1.1")
    shelf.conda_file("old==1.0", conda=["python=3.11"])
    found = shelf.upgrade()
    assert [each.after for each in found.changes] == ["old==1.1"]
    assert found.unchecked == ()

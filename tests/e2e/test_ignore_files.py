"""What ignore files leave out, judged by those whose files they are: git and the docker command."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acideploy.code.selection import select
from tests.environments import unavailable
from tests.parts import MissingPartError, program

SCRIPT = "score.py"
NAMES = ["a", "b", "data", "x.py", "y.csv", "two words", "#c", "!d", "Data", "]", "-", "[a"]

# Files by name; a name that is also a folder of another is none.
_PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
TREES = st.sets(_PATHS, min_size=1, max_size=12).map(
    lambda paths: {path for path in paths if not any(p.startswith(f"{path}/") for p in paths)}
)

_PLAIN = ["a", "b", "data", "*", "**", "?", "*.py", "*a*", "?*", "x.*", "two words", "[ab]", "a.b"]
_GIT_ONLY = ["a**", "**a", "***", "[!a]", "[^b-d]", "[]a]", "[z-a]", "[a-]", "[!]x]", "[[:alpha:]]"]
_GIT_ESCAPED = [r"\#c", r"\!d", r"two\ words", r"\*", r"[\]]", r"[\[]a", "[a", "a\\"]
GIT_RULES = st.builds(
    "{0}{1}{2}{3}{4}".format,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(st.sampled_from(_PLAIN + _GIT_ONLY + _GIT_ESCAPED), min_size=1, max_size=3).map(
        "/".join
    ),
    st.sampled_from(["", "", "/"]),
    st.sampled_from(["", "", "", " ", "\r"]),
)
_DOCKER_ONLY = ["[^a]", r"[\]]", r"[\-a]", r"\*", "a**", "."]
DOCKER_RULES = st.builds(
    "{0}{1}{2}{3}".format,
    st.sampled_from(["", "", "/", " "]),
    st.lists(st.sampled_from(_PLAIN + _DOCKER_ONLY), min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "", "/"]),
    st.sampled_from(["", "", "  ", "\r"]),
)

# Each example runs a program.
JUDGED = settings(max_examples=150, deadline=None)


def _plant(source: Path, files: Mapping[str, str]) -> None:
    for name, text in {SCRIPT: "", **files}.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _deployed(source: Path) -> set[str]:
    files = select(source, script=SCRIPT, leave_out=None).files
    return {file.name for file in files} - {SCRIPT}


def _part(name: str) -> Path:
    try:
        return program(name, package="docker.io" if name == "docker" else None)
    except MissingPartError as error:
        unavailable(str(error))


@pytest.fixture(scope="module")
def untracked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], set[str]]:
    """What git would add of a directory: all that no `.gitignore` in it leaves out."""
    git, repository = _part("git"), tmp_path_factory.mktemp("git") / "repository"
    subprocess.run([git, "init", "--quiet", "--bare", repository], check=True)

    def ask(source: Path) -> set[str]:
        command = [git, f"--git-dir={repository}", f"--work-tree={source}", "ls-files", "-z"]
        done = subprocess.run(
            [*command, "--others", "--exclude-per-directory=.gitignore"],
            cwd=source,
            check=True,
            capture_output=True,
        )
        names = {os.fsdecode(name) for name in done.stdout.split(b"\0") if name}
        return {name for name in names if not name.endswith(".gitignore")} - {SCRIPT}

    return ask


@JUDGED
@given(
    tree=TREES,
    rules=st.lists(GIT_RULES, max_size=5),
    deeper=st.lists(GIT_RULES, max_size=3),
)
def test_git_leaves_the_same_files_out(
    untracked: Callable[[Path], set[str]], tree: set[str], rules: list[str], deeper: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory)
        folder = next((path.rpartition("/")[0] for path in sorted(tree) if "/" in path), "sub")
        own = {".gitignore": "\n".join(rules), f"{folder}/.gitignore": "\n".join(deeper)}
        _plant(source, {**dict.fromkeys(tree, ""), **own})
        placeholder = {f"{folder}/.gitignore"}
        assert _deployed(source) - placeholder == untracked(source)


class _Daemon(BaseHTTPRequestHandler):
    """Takes the files that the docker command sends to be built, and builds nothing."""

    protocol_version = "HTTP/1.1"
    sent: bytes = b""

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_GET(self) -> None:
        self._answer(b"{}")

    def do_POST(self) -> None:
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        type(self).sent = b"".join(chunks)
        self._answer(json.dumps({"stream": "built"}).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def _answer(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Api-Version", "1.41")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], set[str]]]:
    """What the docker command sends of a directory to be built: what `.dockerignore` leaves."""
    docker = _part("docker")
    variables = {
        **os.environ,
        # BuildKit asks for files one by one, with the same rules.
        "DOCKER_BUILDKIT": "0",
        "DOCKER_CONFIG": str(tmp_path_factory.mktemp("docker")),
    }

    def ask(source: Path) -> set[str]:
        command = [docker, "build", "--quiet", "--file", os.devnull, "."]
        subprocess.run(command, cwd=source, env=variables, check=True, capture_output=True)
        with tarfile.open(fileobj=io.BytesIO(_Daemon.sent)) as archive:
            names = {member.name for member in archive if member.isfile()}
        added = {SCRIPT, ".dockerignore"}
        return {name for name in names if not name.startswith(".dockerfile.")} - added

    with ThreadingHTTPServer(("127.0.0.1", 0), _Daemon) as daemon:
        threading.Thread(target=daemon.serve_forever, daemon=True).start()
        variables["DOCKER_HOST"] = f"tcp://127.0.0.1:{daemon.server_port}"
        yield ask
        daemon.shutdown()


@st.composite
def _dockered(draw: st.DrawFn) -> tuple[set[str], list[str]]:
    """A tree, and rules of which some keep single files of it.

    What keeps more is read otherwise by the docker command before version 23.
    """
    tree = draw(TREES)
    kept = [f"!{path}" for path in sorted(tree) if "[" not in path]
    keeping = st.sampled_from(kept) if kept else st.just("# nothing")
    return tree, draw(st.lists(st.one_of(DOCKER_RULES, keeping), max_size=5))


@settings(JUDGED, max_examples=60)
@given(case=_dockered())
def test_docker_leaves_the_same_files_out(
    context: Callable[[Path], set[str]], case: tuple[set[str], list[str]]
) -> None:
    tree, rules = case
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory)
        _plant(source, {**dict.fromkeys(tree, ""), ".dockerignore": "\n".join(rules)})
        assert _deployed(source) == context(source)

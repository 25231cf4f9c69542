"""One command in the container of a service.

Azure starts one program without arguments in a terminal: that is a shell, which the command is
typed into between two marks.
"""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Callable, Sequence

from acideploy.azure.socket import converse
from acideploy.errors import AzureError, UnsupportedError
from acideploy.targets.aci.group import VERSION
from acideploy.targets.aci.target import AciTarget
from acideploy.targets.aci.turn import require_running
from acideploy.targets.aci.view import container_of

_SHELL = "/bin/sh"
# A terminal takes no longer line.
_LONGEST = 3500


def execute(
    target: AciTarget,
    name: str,
    command: Sequence[str],
    *,
    rows: int,
    columns: int,
    write: Callable[[bytes], None],
) -> int:
    """The exit code of the command, whose output goes to `write`. Raises AzureError."""
    transcript = Transcript(secrets.token_hex(4), write)
    typed = transcript.typed(command)
    group = target.group(name)
    require_running(group, name)
    offer = target.azure.manager.send(
        "POST",
        f"{group['id']}/containers/{container_of(group)['name']}/exec",
        VERSION,
        body={"command": _SHELL, "terminalSize": {"rows": rows, "cols": columns}},
    ).body
    converse(offer["webSocketUri"], offer["password"], typed, heard=transcript.hear)
    if transcript.code is None:
        raise AzureError(
            "the container's shell ended before the command did",
            hint=f"acideploy service show -n {name}",
            detail=transcript.unread or None,
        )
    return transcript.code


class Transcript:
    """What a terminal shows, of which only what stands between two marks is the command's."""

    def __init__(self, mark: str, write: Callable[[bytes], None]) -> None:
        self.code: int | None = None
        self._mark = mark
        self._write = write
        self._begin = re.compile(rb"begin-%s\r?\n" % mark.encode())
        self._end = re.compile(rb"\r?\nend-%s (\d+)\r?\n" % mark.encode())
        self._begun = False
        self._rest = b""

    def typed(self, command: Sequence[str]) -> str:
        """The line for the shell. One word is a line of its own; several are quoted each.

        The terminal repeats what is typed: quotes keep the marks out of that.
        """
        line = command[0] if len(command) == 1 else shlex.join(command)
        if len(line) > _LONGEST:
            raise UnsupportedError(
                f"the command has more than {_LONGEST} characters",
                hint="deploy a script with the source directory, and run that",
            )
        return (
            f"stty -echo 2>/dev/null; echo 'begin'-{self._mark}; ( {line}\n) </dev/null; "
            f"printf '\\n%s-{self._mark} %s\\n' 'end' $?; exit\n"
        )

    @property
    def unread(self) -> str:
        return self._rest.decode(errors="replace")

    def hear(self, said: bytes) -> bool:
        """Takes what the terminal shows next; whether there will be more."""
        self._rest += said
        if not self._begun:
            found = self._begin.search(self._rest)
            if found is None:
                return True
            self._begun, self._rest = True, self._rest[found.end() :]
        # The first mark ends where the second may begin at once.
        if found := self._end.search(b"\n" + self._rest):
            self._tell(self._rest[: max(found.start() - 1, 0)])
            self.code = int(found[1])
            return False
        kept = self._rest.rfind(b"\n")
        kept = max(kept - self._rest[:kept].endswith(b"\r"), 0) if kept >= 0 else 0
        self._tell(self._rest[:kept])
        self._rest = self._rest[kept:]
        return True

    def _tell(self, said: bytes) -> None:
        if said:
            self._write(said.replace(b"\r\n", b"\n"))

"""Real command lines of the retired tool, and what our parser makes of them.

Run as a script, it prints the table: `python tests/functional/corpus_commands_table.py [corpus]`.

A line is what people published: cut out of a pipeline, with templates in place of values. What
is wrong in the line itself is found here by rules of the retired tool (`FLAGS`), without our
parser; that one must refuse those lines, and read all the others flag by flag.
"""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from acideploy.cli.groups import LazyGroup
from acideploy.cli.root import root

# Flags of every command of the retired tool; a star means that no value follows.
_ALWAYS = """
--workspace-name -w|--resource-group -g|--subscription-id|--path|-v *|--output -o|--query
--only-show-errors *|--verbose *|--debug *|--subscription
"""
_INFERENCE = """
--inference-config-file --ic -ic|--entry-script --es|--source-directory --sd|--conda-file --cf
--runtime --rt|--extra-docker-file-steps --ds|--environment-name -e|--environment-version --ev
--environment-directory --ed|--base-image --bi|--base-image-registry --ir|--enable-gpu --eg
--cuda-version --cv
"""
_DEPLOYMENT = """
--deploy-config-file --dc -dc|--cpu-cores --cc|--memory-gb --gb|--cpu-cores-limit --ccl
--memory-gb-limit --gbl|--auth-enabled --ae|--primary-key --kp|--secondary-key --ks
--ssl-enabled --se|--ssl-cert-pem-file --sp|--ssl-key-pem-file --sk|--ssl-cname --sc
--dns-name-label --dn|--location --lo|--enable-app-insights --ai|--collect-model-data --md
--port --po|--token-auth-enabled|--num-replicas --nr|--autoscale-enabled --as
--autoscale-min-replicas --mi|--autoscale-max-replicas --ma|--autoscale-refresh-seconds --ar
--autoscale-target-utilization --at|--scoring-timeout-ms --tm
--replica-max-concurrent-requests --rm|--max-request-wait-time --mr|--period-seconds --ps
--initial-delay-seconds --id|--timeout-seconds --ts|--success-threshold --st
--failure-threshold --ft|--gpu-cores --gc|--no-wait *
"""
_NAME = "--name -n"
_MODELS = "--model -m|--model-metadata-file -f"
FLAGS = {
    "model deploy": f"""{_NAME}|{_MODELS}|{_INFERENCE}|{_DEPLOYMENT}|--compute-type --cp
        --compute-target --ct -ct|--description|--tag|--property|--overwrite *|--profile-input --pi
        --vnet-name|--subnet-name|--vault-base-url|--key-name|--key-version|--namespace
        --version-name --vn|--traffic-percentile --tp""",
    "model register": f"""{_NAME}|--model-path -p|--asset-path|--experiment-name|--run-id -r
        --run-metadata-file -f|--model-framework|--model-framework-version|--description -d|--tag
        --property|--cpu-cores --cc|--memory-gb --gb|--gpu-cores --gc|--output-metadata-file -t
        --sample-input-dataset-id|--sample-output-dataset-id""",
    "model list": """--model-name -n|--latest -l *|--run-id|--dataset-id|--tag|--property""",
    "model show": """--model-id -i|--model-name -n|--version|--run-id""",
    "model update": """--model-id -i|--add-tag|--remove-tag|--add-property|--description
        --cpu-cores --cc|--memory-gb --gb|--gpu-cores --gc|--sample-input-dataset-id
        --sample-output-dataset-id""",
    "model delete": "--model-id -i",
    "model download": "--model-id -i|--target-dir -t|--overwrite *",
    "model package": f"""{_MODELS}|{_INFERENCE}|--image-name --in|--image-label --il|--output-path
        --no-wait *""",
    "model profile": f"""{_NAME}|{_MODELS}|{_INFERENCE}|--cpu-cores --cc|--memory-in-gb --gb
        --input-dataset-id --idi|--description|--output-metadata-file -t""",
    "service list": """--compute-type -c|--image-digest|--model-id|--model-name|--tag|--property""",
    "service show": _NAME,
    "service delete": _NAME,
    "service get-keys": _NAME,
    "service get-access-token": _NAME,
    "service regen-key": f"{_NAME}|--key -k|--set-key -s",
    "service run": f"{_NAME}|--input-data -d",
    "service get-logs": f"{_NAME}|--num_lines -l|--init -i *",
    "service update": f"""{_NAME}|{_MODELS}|{_INFERENCE}|{_DEPLOYMENT}|--description -d|--add-tag
        --remove-tag|--add-property""",
}
REQUIRED = {"model register": ("name",), "model list": (), "model show": (), "service list": ()}
REQUIRED |= dict.fromkeys(("model update", "model delete"), ("model-id",))
REQUIRED |= {"model download": ("model-id", "target-dir"), "model package": ()}
REQUIRED |= {"service regen-key": ("name", "key")}

# Where our parameter has another name than the retired flag.
RENAMED = {"v": "full", "num_lines": "num_lines"}

_TEMPLATES = re.compile(r"\$\{\{.*?\}\}|\$\([^()]*\)|\$\[[^\[\]]*\]|\$\{[^{}]*\}|<[^<>|]*>")
# What a template is replaced by, where not every text will do.
_BOOLEANS = """--auth-enabled --ssl-enabled --enable-app-insights --collect-model-data
--token-auth-enabled --autoscale-enabled --enable-gpu"""
_NUMBERS = """--cpu-cores --memory-gb --cpu-cores-limit --memory-gb-limit --port --num-replicas
--autoscale-min-replicas --autoscale-max-replicas --autoscale-refresh-seconds
--autoscale-target-utilization --scoring-timeout-ms --replica-max-concurrent-requests
--max-request-wait-time --period-seconds --initial-delay-seconds --timeout-seconds
--success-threshold --failure-threshold --gpu-cores --traffic-percentile --memory-in-gb --num_lines
--version"""
SAMPLES = {
    **dict.fromkeys(_BOOLEANS.split(), "true"),
    **dict.fromkeys(_NUMBERS.split(), "1"),
    **dict.fromkeys(("--tag", "--property", "--add-tag", "--add-property"), "key=value"),
    "--output": "json",
    "--query": "name",
    "--key": "Primary",
}
# A tag may hold a template behind its equals sign.
_VARIABLE = re.compile(r"^[^=]*[$<%{]")

_KINDS = re.compile(r"^(stray word|no flag|no command|no value for) .*")
_REDIRECTIONS = (">", ">>", "2>", "2>>")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line. `cause` is what is wrong in itself, empty for nothing; `ours` what our parser says.

    `misread` lists the flags whose value did not reach their parameter.
    """

    file: str
    line: str
    command: str
    flags: int
    cause: str
    ours: str
    misread: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether a right line is read whole, and a wrong one refused for what is wrong."""
        if self.cause:
            return self.cause.split()[-1] in self.ours
        return not self.ours and not self.misread


def rows(corpus: Path) -> Iterator[Row]:
    for text in (corpus / "commands" / "parsed.jsonl").read_text(encoding="utf-8").splitlines():
        found = json.loads(text)
        yield judge(found["file"], found["joined"], found.get("source_ext", ""))


def judge(file: str, line: str, extension: str = "") -> Row:
    """Reads one line by the retired tool's rules and by our parser, and compares."""
    words = cut(line, windows=extension in (".cmd", ".bat", ".ps1"))
    command = " ".join(words[2:4])
    known = spelt(command)
    words = filled(words, known)
    given, cause = given_flags(words[4:], known) if known else ([], f"no command {command}")
    cause = cause or missing(command, given)
    ours, misread = parsed(words[2:], given)
    return Row(
        file=file,
        line=line,
        command=command,
        flags=len(given),
        cause=cause,
        ours=ours,
        misread=() if cause else misread,
    )


def cut(line: str, *, windows: bool) -> list[str]:
    """The words of a line: templates as one word each, the surrounding pipeline cut off."""
    line = _TEMPLATES.sub(lambda match: re.sub(r"[\s'\"]+", "_", match.group()), line)
    if windows:
        line = line.replace("\\", "\\\\")
    line = _without_tail(line)
    words: list[str] = []
    for word in shlex.split(line):
        if word in _REDIRECTIONS:
            break
        if word not in ("#", "\\", "^", "`"):  # what continued a line, or commented it out
            words.append(word)
    return words


def _without_tail(line: str) -> str:
    """Cuts off the next command, and the bracket, quote or back-tick that began before this one."""
    depth = 0
    quote = ""
    for position, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"" and character in line[position + 1 :]:
            quote = character
        elif character in "'\"" or character in "|;&":
            return line[:position]
        elif character in "()":
            depth += 1 if character == "(" else -1
            if depth < 0:
                return line[:position]
    return line.removesuffix("`")


def spelt(command: str) -> dict[str, tuple[str, bool]]:
    """Every spelling of a command's flags, with the long name and whether a value follows."""
    if command not in FLAGS:
        return {}
    known = {}
    for row in re.split(r"\||\n", FLAGS[command] + "|" + _ALWAYS):
        words = [word for word in row.split() if word != "*"]
        for word in words:
            known[word] = (words[0], "*" not in row)
    return known


def filled(words: Sequence[str], known: dict[str, tuple[str, bool]]) -> list[str]:
    """Puts a value of the right kind where a template stands for a number or a choice."""
    after = [None, *(full_name(word, known) for word in words)]
    return [
        SAMPLES.get(flag[0], word) if flag and flag[1] and _VARIABLE.search(word) else word
        for flag, word in zip(after, words, strict=False)
    ]


def given_flags(
    words: Sequence[str], known: dict[str, tuple[str, bool]]
) -> tuple[list[tuple[str, str | None]], str]:
    """The long flags with their values, in order, and the first thing that is wrong."""
    waiting = list(words)
    given: list[tuple[str, str | None]] = []
    while waiting:
        word = waiting.pop(0)
        name, equals, attached = word.partition("=")
        flag = full_name(name, known)
        if flag is None and word[:2] in known and not word.startswith("--"):
            flag, equals, attached = known[word[:2]], "=", word[2:]
        if flag is None and word.startswith("-"):
            return given, f"no flag {name}"
        if flag is None and _TEMPLATES.fullmatch(word):
            continue  # a template that stands for whole flags
        if flag is None:
            return given, f"stray word {word}"
        if not flag[1]:
            given.append((flag[0], None))
        elif equals:
            given.append((flag[0], attached))
        elif not waiting:
            return given, f"no value for {word}"
        else:
            given.append((flag[0], waiting.pop(0)))
    return given, ""


def full_name(name: str, known: dict[str, tuple[str, bool]]) -> tuple[str, bool] | None:
    if name in known:
        return known[name]
    matches = {
        flag
        for spelling, flag in known.items()
        if name.startswith("--") and len(name) > 2 and spelling.startswith(name)
    }
    return matches.pop() if len(matches) == 1 else None


def missing(command: str, given: Sequence[tuple[str, str | None]]) -> str:
    names = {flag for flag, _ in given}
    for required in REQUIRED.get(command, ("name",)):
        if f"--{required}" not in names:
            return f"no --{required}"
    return ""


def parsed(
    words: Sequence[str], given: Sequence[tuple[str, str | None]]
) -> tuple[str, tuple[str, ...]]:
    """What our parser objects to, and the flags whose values are not where they belong."""
    try:
        parameters = parameters_of(without_flag_templates(words))
    except click.UsageError as error:
        return error.format_message(), tuple(flag for flag, _ in given)
    expected: dict[str, list[str | None]] = {}
    for flag, value in given:
        name = flag.lstrip("-").replace("-", "_")
        expected.setdefault(RENAMED.get(name, name), []).append(value)
    return "", tuple(
        name for name, values in expected.items() if not reached(parameters.get(name), values)
    )


def parameters_of(words: Sequence[str]) -> dict[str, Any]:
    """The values that our parser gives to the parameters. Raises click.UsageError."""
    group = root
    context = click.Context(root, info_name="acideploy", **root.context_settings)
    waiting = list(words)
    while True:
        name, command, waiting = group.resolve_command(context, waiting)
        assert command is not None
        if not isinstance(command, LazyGroup):
            return command.make_context(name, waiting, parent=context).params
        context = click.Context(command, info_name=name, parent=context, **command.context_settings)
        group = command
        if not waiting:
            raise click.UsageError("missing command")


def without_flag_templates(words: Sequence[str]) -> list[str]:
    """Leaves out the templates that stand where a flag should: they are flags, or nothing."""
    known = spelt(" ".join(words[:2]))
    kept: list[str] = []
    for word in words:
        flag = full_name(kept[-1], known) if kept else None
        if _TEMPLATES.fullmatch(word) and not (flag and flag[1]) and len(kept) >= 2:
            continue
        kept.append(word)
    return kept


def reached(parameter: Any, values: Sequence[str | None]) -> bool:
    """Whether a parameter holds the values of its flag: all of them, or the last."""
    if values[-1] is None:
        return parameter is True
    if isinstance(parameter, tuple):
        return [as_typed(*pair) for pair in zip(values, parameter, strict=True)] == list(parameter)
    return bool(as_typed(values[-1], parameter) == parameter)


def as_typed(text: str | None, like: Any) -> Any:
    """The text of a line as a value of the kind that our parser made of it."""
    text = text or ""
    match like:
        case bool():
            return text.lower() == "true"
        case tuple():
            return tuple(text.split("=", 1))
        case None:
            return text
        case _:
            return type(like)(text)


def main(corpus: Path) -> int:
    judged = list(rows(corpus))
    print("\nCommand lines\n")
    for row in judged:
        mark = " " if row.agrees else "!"
        state = f"{row.cause} -> {row.ours}" if row.cause else f"{row.flags} flags read"
        print(f"{mark} {row.file:18} {row.command:22} {state[:110]}")
    print()
    counts = Counter(_KINDS.sub(r"\1 ...", row.cause) or "every flag read" for row in judged)
    for cause, count in counts.most_common():
        print(f"{count:5}  {cause}")
    differing = sum(not row.agrees for row in judged)
    print(f"{differing:5}  differ")
    return 1 if differing else 0

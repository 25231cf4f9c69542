"""Completion in bash, zsh and fish: the scripts, and the answers they ask for.

The scripts are click's, mended where a value holds a colon or an equals sign (`iris:1`).
"""

from __future__ import annotations

import os

import click
from click.shell_completion import CompletionItem, FishComplete, ShellComplete, ZshComplete

from acideploy.cli.root import COMPLETE_VARIABLE, PROGRAM

# Bash splits words at colons and equals signs, `iris:1` in three. The line is sent as it stands up
# to the cursor, and what is before the last separator is cut off every answer.
_BASH = """\
# bash completion for acideploy: source this file, or put it where bash-completion looks.
_acideploy_complete() {
    local kind value word=${COMP_LINE:0:COMP_POINT} separators=$COMP_WORDBREAKS
    word=${word##*[[:space:]]}
    COMPREPLY=()
    while IFS=$'\\t' read -r kind value; do
        case $kind in
            dir) compopt -o dirnames 2>/dev/null ;;
            file) compopt -o default 2>/dev/null ;;
            plain)
                [[ $separators == *:* && $word == *:* ]] && value=${value#"${word%:*}:"}
                [[ $value == */ ]] && compopt -o nospace 2>/dev/null
                COMPREPLY+=("$value")
                ;;
        esac
    done < <(ACIDEPLOY_LINE=${COMP_LINE:0:COMP_POINT} \\
        _ACIDEPLOY_COMPLETE=bash_complete command "$1" 2>/dev/null)
}
complete -o nosort -F _acideploy_complete acideploy 2>/dev/null \\
    || complete -F _acideploy_complete acideploy
"""

_ZSH = """\
#compdef acideploy
# zsh completion for acideploy: put this file in a folder of $fpath, or eval it.
_acideploy() {
    local -a answers described plain folders
    local kind value description
    (( $+commands[acideploy] )) || return 1
    answers=("${(@f)$(COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) \\
        _ACIDEPLOY_COMPLETE=zsh_complete command acideploy 2>/dev/null)}")
    for kind value description in "${answers[@]}"; do
        case $kind in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            plain)
                if [[ $value == */ ]]; then folders+=("$value")
                elif [[ $description == _ ]]; then plain+=("$value")
                else described+=("${value//:/\\\\:}:$description"); fi
                ;;
        esac
    done
    (( $#described )) && _describe -V unsorted described -U
    (( $#plain )) && compadd -U -V unsorted -a plain
    (( $#folders )) && compadd -U -S '' -V folders -a folders
    return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _acideploy "$@"
else
    compdef _acideploy acideploy
fi
"""

_FISH = """\
# fish completion for acideploy: put this file in ~/.config/fish/completions.
function __acideploy_complete
    set -l word (commandline -ct)
    for answer in (COMP_WORDS=(commandline -cp) COMP_CWORD=$word \\
            _ACIDEPLOY_COMPLETE=fish_complete command acideploy 2>/dev/null)
        set -l parts (string split -m 2 -- \\t $answer)
        switch $parts[1]
            case dir
                __fish_complete_directories $word
            case file
                __fish_complete_path $word
            case plain
                printf '%s\\t%s\\n' $parts[2] $parts[3]
        end
    end
end
complete --no-files --keep-order --command acideploy --arguments '(__acideploy_complete)'
"""


class Bash(ShellComplete):
    name = "bash"

    def get_completion_args(self) -> tuple[list[str], str]:
        from click.shell_completion import split_arg_string

        line = os.environ.get("ACIDEPLOY_LINE", "")
        words = split_arg_string(line)
        if line[-1:].isspace() or len(words) < 2:
            return words[1:], ""
        return words[1:-1], words[-1]

    def format_completion(self, item: CompletionItem[str]) -> str:
        return f"{item.type}\t{item.value}"


class Zsh(ZshComplete):
    def format_completion(self, item: CompletionItem[str]) -> str:
        return f"{item.type}\n{item.value}\n{item.help or '_'}"


class Fish(FishComplete):
    def format_completion(self, item: CompletionItem[str]) -> str:
        return f"{item.type}\t{item.value}\t{item.help or ''}"


# The script of each shell. The variable in them is `root.COMPLETE_VARIABLE`.
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}

_ANSWERS: dict[str, type[ShellComplete]] = {"bash": Bash, "zsh": Zsh, "fish": Fish}


def complete(root: click.Command, instruction: str) -> int:
    """Answers a completion script, which asked with `bash_complete`; returns the exit code."""
    shell, _, asked = instruction.partition("_")
    if shell not in _ANSWERS or asked != "complete":
        return 1
    answer = _ANSWERS[shell](root, {}, PROGRAM, COMPLETE_VARIABLE).complete()
    click.echo(answer.encode())
    return 0

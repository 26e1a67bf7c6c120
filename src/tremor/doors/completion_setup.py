"""`--shell-completion install=bash|zsh|fish` prints what a shell must know; `query=` answers it.

Hydra's own script knows `python` alone, not `python3` or `.venv/bin/python`, and changes the
word-breaks of the whole shell.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tremor.doors.completion import answer
from tremor.errors import Refused

FLAGS = ("--shell-completion", "-sc")
DOORS = "simple_train.py evaluate.py explain.py"

BASH = """\
_tremor_doors() {
    local line=${COMP_LINE:0:COMP_POINT} word run IFS=$' \\t\\n'
    local -a words
    COMPREPLY=()
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    word=${words[${#words[@]}-1]}
    case ${words[1]##*/} in
        simple_train.py|evaluate.py|explain.py) ;;
        *) return ;;
    esac
    (( ${#words[@]} > 2 )) && [[ -f ${words[1]} ]] || return
    local tail="${line#*"${words[1]}"}"
    run=${words[0]/#\\~/$HOME}
    mapfile -t COMPREPLY < <(COMP_LINE="$tail" "$run" "${words[1]}" -sc query=bash 2>/dev/null)
    # readline replaces what follows the last = or : of the word
    local kept=${word%"${word##*[=:]}"}
    [[ $COMP_WORDBREAKS == *=* ]] && COMPREPLY=("${COMPREPLY[@]#"$kept"}")
    (( ${#COMPREPLY[@]} == 1 )) && [[ ${COMPREPLY[0]} != *[=./] ]] || compopt -o nospace
}
complete -o default -F _tremor_doors python python3 .venv/bin/python
"""
ZSH = """\
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
_tremor_doors() {
    local door=${words[2]} line=$LBUFFER
    case ${door:t} in
        simple_train.py|evaluate.py|explain.py) ;;
        *) (( $+functions[_python] )) || autoload -Uz _python; _python "$@"; return ;;
    esac
    (( CURRENT > 2 )) || { _files; return }
    local -a found spaced open
    local each
    local -x COMP_LINE=${line#*$door}
    found=("${(@f)$(${(Q)~words[1]} ${(Q)~door} -sc query=zsh 2>/dev/null)}")
    for each in $found; do
        [[ $each == *[=./] ]] && open+=("$each") || spaced+=("$each")
    done
    (( $#open )) && compadd -S '' -a open
    (( $#spaced )) && compadd -a spaced
}
compdef _tremor_doors python python3 .venv/bin/python
"""
FISH = """\
function __tremor_door
    set -l words (commandline -opc)
    test (count $words) -ge 2
    and string match -qr '(^|/)(simple_train|evaluate|explain)\\.py$' -- $words[2]
end
function __tremor_doors
    set -l words (commandline -opc)
    set -l line (commandline -cp)
    set -lx COMP_LINE (string split -m1 -- $words[2] $line)[2]
    $words[1] $words[2] -sc query=fish 2>/dev/null
end
for name in python python3
    complete -c $name -n __tremor_door -f -a '(__tremor_doors)'
end
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
REMOVAL = {
    "bash": "complete -r python python3 .venv/bin/python; unset -f _tremor_doors",
    "zsh": "compdef _python python python3; unfunction _tremor_doors",
    "fish": "complete -e -c python -c python3; functions -e __tremor_door __tremor_doors",
}


def asked_to_complete(arguments: Sequence[str]) -> bool:
    """Whether a shell asks, or is to be told how to ask."""
    return bool(arguments) and arguments[0] in FLAGS


def complete(arguments: Sequence[str], root: Path) -> str:
    """The script to install or to remove for a shell, or the words that complete a line."""
    verb, _, shell = (arguments[1] if len(arguments) > 1 else "").partition("=")
    if shell not in SCRIPTS or verb not in ("install", "uninstall", "query"):
        said = "completion is installed, uninstalled or queried for bash, zsh or fish"
        remedy = 'eval "$(python simple_train.py --shell-completion install=bash)"'
        raise Refused(said, " ".join(arguments[:2]), remedy)
    if verb != "query":
        return SCRIPTS[shell] if verb == "install" else REMOVAL[shell]
    offers = answer(os.environ.get("COMP_LINE", ""), root)
    return "\n".join(f"{w}\t{note}" if shell == "fish" and note else w for w, note in offers)


def tell(arguments: Sequence[str], root: Path) -> None:
    """Print it; a shell that has stopped listening is no fault."""
    try:
        sys.stdout.write(complete(arguments, root) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

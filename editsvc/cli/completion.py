"""``editsvc completion``: the script that lets a shell complete what is typed behind ``editsvc``."""

from __future__ import annotations

import click

from editsvc.cli import output

_BASH = r"""# bash completion for editsvc; made by: editsvc completion bash
_editsvc_completion() {
    local IFS=$'\n' line kind value
    COMPREPLY=()
    while IFS=$'\t' read -r kind value _; do
        case $kind in
            file) compopt -o default 2>/dev/null; COMPREPLY=(); return 0 ;;
            dir) compopt -o dirnames 2>/dev/null; COMPREPLY=(); return 0 ;;
            *) COMPREPLY+=("$value") ;;
        esac
    done < <(_EDITSVC_COMPLETE=bash_complete EDITSVC_LINE="$COMP_LINE" EDITSVC_POINT="$COMP_POINT" \
        EDITSVC_BREAKS="$COMP_WORDBREAKS" "$1" 2>/dev/null)
    if [ "${#COMPREPLY[@]}" -eq 1 ] && [[ ${COMPREPLY[0]} == *[:=] ]]; then
        compopt -o nospace 2>/dev/null
    fi
    return 0
}
complete -o nosort -F _editsvc_completion editsvc
"""

_ZSH = r"""#compdef editsvc
# zsh completion for editsvc; made by: editsvc completion zsh
_editsvc_completion() {
    local line kind value help
    local -a plain open
    [[ ${words[CURRENT]} == --*=* ]] && compset -P 1 '*='
    while IFS=$'\t' read -r kind value help; do
        case $kind in
            file) _files; return ;;
            dir) _files -/; return ;;
            *)
                value=${value//:/\\:}
                if [[ $value == *(:|=) ]]; then open+=("$value:$help"); else plain+=("$value:$help"); fi ;;
        esac
    done < <(_EDITSVC_COMPLETE=zsh_complete EDITSVC_WORDS="${(pj:\x1f:)${(@Q)words}}" \
        EDITSVC_CURRENT=$((CURRENT - 1)) ${(Q)words[1]} 2>/dev/null)
    (( $#plain )) && _describe -V 'editsvc' plain
    (( $#open )) && _describe -V 'editsvc' open -S ''
    return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _editsvc_completion "$@"
else
    compdef _editsvc_completion editsvc
fi
"""

_FISH = r"""# fish completion for editsvc; made by: editsvc completion fish
function __editsvc_complete
    set -l current (string replace -r '^[\'"]' '' -- (commandline -ct) | string unescape)
    set -l before (commandline -opc)
    set -l after (commandline -o)[(math (count $before) + 2)..-1]
    set -l words (string join \x1f -- $before "$current" $after | string collect)
    set -l answer _EDITSVC_COMPLETE=fish_complete EDITSVC_WORDS=$words EDITSVC_CURRENT=(count $before)
    for line in (env $answer $before[1] 2>/dev/null)
        set -l parts (string split -m 2 \t -- $line)
        switch $parts[1]
            case file
                set -l option (string match -r -- '^--[^=]+=' $current)
                for path in (__fish_complete_path (string replace -r -- '^--[^=]+=' '' $current))
                    printf '%s\n' "$option$path"
                end
            case dir
                __fish_complete_directories $current
            case '*'
                printf '%s\t%s\n' $parts[2] $parts[3]
        end
    end
end
complete --no-files --command editsvc --arguments '(__editsvc_complete)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


@click.command(
    short_help="Print the completion script for bash, zsh or fish.",
    epilog="""\b
Examples:
  editsvc completion bash > ~/.local/share/bash-completion/completions/editsvc
  editsvc completion zsh > ~/.zfunc/_editsvc       # a folder of $fpath
  editsvc completion fish > ~/.config/fish/completions/editsvc.fish""",
)
@click.argument("shell", type=click.Choice(list(SCRIPTS)))
def command(*, shell: str) -> int:
    """Print the completion script for bash, zsh or fish.

    Commands, options, files, models, checks, the settings with their values, and the symbols of the file that is named
    on the line (--scope symbol:) are completed. Nothing is asked over the network. For this shell alone: source
    <(editsvc completion bash), or editsvc completion fish | source.
    """
    output.write_bytes(SCRIPTS[shell].encode())
    return 0

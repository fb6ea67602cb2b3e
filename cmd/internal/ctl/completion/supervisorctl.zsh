#compdef supervisorctl
# zsh completion for supervisorctl. Made by: supervisorctl completion zsh

_supervisorctl() {
    local line tab=$'\t'
    local -a answer described
    answer=("${(@f)$("${(Q)words[1]/#\~/$HOME}" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    if [[ $answer[1] == :files ]]; then
        compset -P '--*='
        _files
        return
    fi
    for line in $answer; do
        described+=("${${line%%$tab*}//:/\\:}:${line#*$tab}")
    done
    _describe supervisorctl described
}

# As a file of $fpath it is called; from a start file it registers itself.
if [[ $funcstack[1] == _supervisorctl ]]; then
    _supervisorctl "$@"
else
    compdef _supervisorctl supervisorctl
fi

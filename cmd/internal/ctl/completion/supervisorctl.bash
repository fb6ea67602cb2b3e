# bash completion for supervisorctl. Made by: supervisorctl completion bash

_supervisorctl() {
    local rest=${COMP_LINE:0:COMP_POINT} words=() blank piece word about keep= i

    # Bash cuts words at colons and equals signs as well as at blanks. What no
    # blank separates is one word to supervisorctl.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blank=${rest%%[![:space:]]*}
        rest=${rest#"$blank"}
        piece=${COMP_WORDS[i]}
        ((i == COMP_CWORD)) && piece=$rest
        rest=${rest#"$piece"}
        if [[ $blank || $i -eq 0 ]]; then
            words+=("$piece")
        else
            words[${#words[@]}-1]+=$piece
        fi
    done
    local last=${words[${#words[@]}-1]}

    # It replaces only what stands behind the last of them.
    for i in : =; do
        word=${last%"${last##*"$i"}"}
        [[ $COMP_WORDBREAKS == *"$i"* && ${#word} -gt ${#keep} ]] && keep=$word
    done

    COMPREPLY=()
    while IFS=$'\t' read -r word about; do
        if [[ $word == :files ]]; then
            compopt -o filenames 2>/dev/null
            [[ $last == --*=* ]] && last=${last#*=} keep=
            while IFS= read -r word; do
                COMPREPLY+=("${word#"$keep"}")
            done < <(compgen -f -- "$last")
            return
        fi
        printf -v word %q "${word#"$keep"}"
        COMPREPLY+=("$word")
    done < <("${words[0]/#\~/$HOME}" __complete "${words[@]:1}" 2>/dev/null)
}

complete -F _supervisorctl supervisorctl

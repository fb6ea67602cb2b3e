# fish completion for supervisorctl. Made by: supervisorctl completion fish

function __supervisorctl_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l answer ($program __complete $words "$last" 2>/dev/null)
    if test "$answer[1]" = ":files"
        __fish_complete_path (string replace -r -- '^--[^=]*=' '' "$last")
    else
        printf '%s\n' $answer
    end
end

complete -c supervisorctl -f -a '(__supervisorctl_complete)'

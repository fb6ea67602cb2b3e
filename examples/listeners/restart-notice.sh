#!/bin/sh
# An event listener in plain sh. It tells when a program that has ended is
# started again:
#
#   [eventlistener:restart-notice]
#   command=/bin/sh restart-notice.sh logger -t supervisor
#   events=PROCESS_STATE_STARTING
#   payload_length=bytes
#
# The words of its command line are a command that is run with the notice as its
# last word. Without any, the notice is written to stderr, and is so in the
# listener's log. While the command fails, the event is given back and comes again.
#
# Stdout belongs to the protocol: everything here that prints prints to stderr.

set -fu # no patterns: what is read is split into words below

pause=${PAUSE:-5} # seconds between an event that was given back and the next

# value KEY LINE finds KEY:VALUE among the words of LINE.
value() {
    for word in $2; do
        case $word in
        "$1":*) printf '%s\n' "${word#*:}" ;;
        esac
    done
}

# tell makes a notice of a payload like
# "processname:web groupname:web from_state:EXITED tries:0".
tell() {
    case $(value from_state "$1") in
    EXITED) why="it had ended" ;;
    BACKOFF) why="it did not stay up; tries before this one: $(value tries "$1")" ;;
    *) return 0 ;; # started for the first time, or by somebody
    esac
    payload=$1
    shift
    "$@" "$(value groupname "$payload"):$(value processname "$payload") is started again: $why" </dev/null >&2
}

[ $# -gt 0 ] || set -- echo

while printf 'READY\n' && IFS= read -r header; do
    length=$(value len "$header")
    # One byte at a time, so that exactly the payload is taken and no more.
    payload=$(dd bs=1 count="${length:?no len in the header}" 2>/dev/null)
    if tell "$payload" "$@"; then
        printf 'RESULT 2\nOK'
    else
        echo "restart-notice: the command failed; trying again in $pause s" >&2
        printf 'RESULT 4\nFAIL'
        sleep "$pause"
    fi
done

# Signals by name and by number.
server: changes.conf
fresh

start deaf
@await deaf=RUNNING
@says deaf.out ready
signal USR1 deaf
signal SIGHUP deaf
signal 10 deaf
signal hup deaf
signal NOSUCH deaf
signal USR1 off
signal USR1 nosuch deaf
~order the original answers in the order of completion
signal CONT g:*
signal CONT g:a g:b cat
signal KILL fatal
signal CONT nosuch:* cat
stop g:a
~order the original answers in the order of completion
signal CONT g:*
signal KILL off done

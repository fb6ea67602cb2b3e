# restart is stop and start, whatever stop says.
server: changes.conf
fresh

restart cat
restart off
restart off
restart nosuch
~order the original answers in the order of completion
restart g:*
restart g:a g:nosuch
restart fatal
restart nofile
restart nosuch:*
restart cat g:b
restart early
@await done=EXITED
status

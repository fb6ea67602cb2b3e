# start, in all the ways it can go.
server: changes.conf
fresh

start off
status off
start off
start fatal
start nofile
start noexec
start done
start early
status early
@await done=EXITED
start off fatal nofile noexec cat nosuch nosuch:* g:a done
~order the original answers in the order of completion
stop g:*
~order the original answers in the order of completion
start g:*
~order the original answers in the order of completion
start g:*
stop g:b
~order the original answers in the order of completion
start g:*
stop g:b off
start g:a g:b off
~order the original answers in the order of completion
start g:
@await done=EXITED
status

# stop, in all the ways it can go.
server: changes.conf
fresh

stop cat
status cat
stop cat
stop fatal
stop done
stop off g:a nosuch g:nosuch
~order the original answers in the order of completion
stop g:*
~order the original answers in the order of completion
stop g:*
~order the original answers in the order of completion
start cat g:*
~order the original answers in the order of completion
stop g:* cat
start cat
stop cat cat
start cat
stop cat nosuch:* off
status

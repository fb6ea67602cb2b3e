# Commands that find things as they should be, and change nothing.
server: calm.conf

start cat
start cat g:a
start g:*
start g:a g:*
stop off
stop off nosuch
signal HUP off
signal NOSUCH cat
signal NOSUCH g:*
signal NOSUCH all
signal 9999 cat
signal '' cat
signal SIGNOSUCH g:a
add cat
add cat g
remove cat
remove g
clear cat
clear g:a
~ctl a pattern, which names the processes of the group
clear g:*
clear cat off
clear cat nosuch off
clear all
clear all cat
reread
update
update cat
update all
update all nosuch
update nosuch

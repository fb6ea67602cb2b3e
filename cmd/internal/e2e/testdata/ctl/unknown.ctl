# Commands on processes that do not exist.
server: calm.conf

start nosuch
start nosuch:*
start nosuch:x
start g:nosuch
start g
start nosuch nosuch:*
stop nosuch
stop nosuch:*
stop g
stop nosuch:* nosuch
restart nosuch
restart nosuch:*
signal HUP nosuch
signal HUP nosuch:*
signal HUP g
signal NOSUCH nosuch
clear nosuch
clear nosuch:*
clear nosuch:x
clear g
tail nosuch
tail nosuch stderr
~ctl a pattern, which means more than one
tail g:*
tail nosuch:x
tail -f nosuch
tail -f nosuch stderr
tail -f g:nosuch
fg nosuch
~ctl a pattern, which means more than one
fg g:*
fg g
fg off
add nosuch
remove nosuch
add nosuch cat nosuch
remove nosuch cat
update nosuch
update nosuch cat

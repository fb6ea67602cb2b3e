# A whole life of supervisord, in the hands of supervisorctl.
server: ../../lifecycle/first.conf
fresh

@await ears=RUNNING
version
pid
status
avail
~order the original answers in the order of completion
start all
@await fails=FATAL alpha=RUNNING web:web_03=RUNNING
@says alpha.out ready
@says beta.out ready
@says once.out ready
status
start alpha
start nobody missing
~order the original answers in the order of completion
stop web:*
stop web:*
status web:*
~order the original answers in the order of completion
start web:*
~order the original answers in the order of completion
restart back:*
status back:*
restart gamma nobody
~order the original answers in the order of completion
stop jobs:* gamma
status jobs:* gamma
~order the original answers in the order of completion
start jobs:* gamma
signal HUP alpha
@says alpha.out signal
signal NOISE alpha
signal HUP nobody missing
~order the original answers in the order of completion
signal USR1 back:*
~status what it prints depends on how fast its threads are
fg beta
< hello
< and good bye
@says beta.out bye
tail beta
tail -9 beta
tail beta stderr
tail missing
tail nobody
clear beta
tail beta
~status what it prints depends on how fast its threads are
fg once
< go
@says once.out go
@await once=EXITED
status once
stop once
start once
~order the original answers in the order of completion
clear all
maintail -1
@config ../../lifecycle/broken.conf
reread
update
@config ../../lifecycle/second.conf
reread
avail
~order the original answers in the order of completion
update
@await omega=RUNNING alpha=STOPPED back:db=STOPPED
status
reread
~order the original answers in the order of completion
start alpha back:*
@config ../../lifecycle/first.conf
reread
remove omega nobody
stop omega
remove omega
remove omega
add delta delta nobody
start delta
status delta omega
~order the original answers in the order of completion
update
status
@config ../../lifecycle/second.conf
reload
@await omega=RUNNING ears=RUNNING
status
~order the original answers in the order of completion
start all
shutdown
@gone
status
shutdown

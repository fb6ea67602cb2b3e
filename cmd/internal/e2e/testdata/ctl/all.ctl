# All processes at once.
server: changes.conf
fresh

~order the original answers in the order of completion
stop all
~order the original answers in the order of completion
stop all
@await done=EXITED
status
start cat
~order the original answers in the order of completion
start all
@await done=EXITED
~order the original answers in the order of completion
start all cat nosuch
@await done=EXITED
status
@await done=EXITED
~order the original answers in the order of completion
stop cat all
~order the original answers in the order of completion
restart all
@await done=EXITED
~order the original answers in the order of completion
signal CONT all
@await done=EXITED
status

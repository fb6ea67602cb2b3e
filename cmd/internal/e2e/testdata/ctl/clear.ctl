# Logs are emptied.
server: changes.conf
fresh

start deaf
tail deaf
clear deaf
tail deaf
~order the original answers in the order of completion
clear all
clear deaf cat off nosuch
~order the original answers in the order of completion
~ctl a pattern, which names the processes of the group
clear g:a g:*

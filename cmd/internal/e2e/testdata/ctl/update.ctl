# A changed configuration is taken over as a whole.
server: changes.conf
fresh

update
@config changes-next.conf
update
status new late
avail
update
@await new=RUNNING cat=RUNNING
status
@config changes.conf
update
@await cat=RUNNING fatal=FATAL
@await done=EXITED
status

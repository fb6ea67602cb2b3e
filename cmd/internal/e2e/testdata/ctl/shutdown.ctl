# The end of a server, and what comes after it.
server: calm.conf
fresh

shutdown
@gone
shutdown
reload
status
status cat
start cat
avail
update
version
pid
$
< shutdown
< y
< reload
< y

# A configuration that cannot be read changes nothing.
server: changes.conf
fresh

@config broken.conf
reread
update
update cat
status cat
avail
add new
@config changes-next.conf
reread

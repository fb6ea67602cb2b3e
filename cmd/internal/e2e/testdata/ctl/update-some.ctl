# Only the groups named are touched.
server: changes.conf
fresh

@config changes-next.conf
update new
status
update nosuch
update cat nosuch
status cat
update done
reread
update off
update all off nosuch
reread
status

# Only the groups named are touched.
server: changes.conf
fresh

@config changes-next.conf
update new
@await new=RUNNING
status
update nosuch
update cat nosuch
@await cat=RUNNING
status cat
update done
reread
update off
update all off nosuch
reread
@await cat=RUNNING new=RUNNING
status

# Groups come and go one by one.
server: changes.conf
fresh

reread
@config changes-next.conf
add new
reread
reread
avail
add new
add new late
@await new=RUNNING
status new
status late
remove done
remove fatal done
remove cat
stop cat
remove cat
status cat
add cat
@await cat=RUNNING
status cat
avail
add done
remove new
stop new late
remove new late nosuch
@await cat=RUNNING
status
add new
@await new=RUNNING
status

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
status new
status late
remove done
remove fatal done
remove cat
stop cat
remove cat
status cat
add cat
status cat
avail
add done
remove new
stop new late
remove new late nosuch
status
add new
@await new=RUNNING
status

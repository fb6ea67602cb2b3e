# A server without the namespace "supervisor".
server: mute.conf

status
status cat
pid
start cat
stop cat
restart cat
signal HUP cat
clear cat
tail cat
tail -f cat
maintail
fg cat
version
avail
reread
add cat
remove cat
update
shutdown
reload
open unix://{dir}/s.sock

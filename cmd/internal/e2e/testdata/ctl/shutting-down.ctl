# Every command while the server is on its way out.
server: slow.conf
fresh

shutdown
shutdown
reload
status
avail
reread
update
add slow
remove slow
start slow
stop all
version
pid
tail slow
maintail -f now
fg slow
open unix://{dir}/s.sock

# The server's own log is followed until Ctrl-C.
server: calm.conf

maintail -f
^ RUNNING state

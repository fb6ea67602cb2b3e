# The server's own log is followed until Ctrl-C.
server: calm.conf

~order programs come up together, and in any order
maintail -f
^ RUNNING state

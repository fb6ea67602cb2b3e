# Pids of the server, of all processes, of some.
server: zoo.conf

pid
pid all
pid cat
pid cat nosuch
pid nosuch
pid off
pid cat off logger
~ctl a pattern, which names the processes of the group
pid multi:*
pid multi:multi_00
pid fatal cat
pid cat all

# Every state, every kind of name, and the exit status that goes with it.
server: zoo.conf

status
status all
status cat
status multi:*
status het:*
status het:
status multi:multi_00 multi:multi_01
status cat all nosuch
status off
status done
status exit5
status fatal
status nofile
status noexec
status backoff
status starting
status stubborn
status a-program-whose-name-is-longer-than-thirty-characters
status cat a-program-whose-name-is-longer-than-thirty-characters
status cat cat
status listener
status cat backoff starting stubborn

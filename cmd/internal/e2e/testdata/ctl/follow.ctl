# Logs are followed until Ctrl-C.
server: zoo.conf

tail -f logger
^ last
tail -f logger stderr
^ mistake
tail -f merged
^ err

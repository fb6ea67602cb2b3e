# The end of logs, by size and channel.
server: zoo.conf

tail logger
tail logger stdout
tail logger stderr
tail logger STDERR
tail -4 logger
tail -4 logger stdout
tail -5 logger stderr
tail -1 logger
tail -0 logger
tail --4 logger
tail -+4 logger
tail -1_0 logger
tail -1__0 logger
tail -100000 logger
tail --100000 logger
tail -99999999999 logger
tail -999999999999999999999999 logger
tail -2147483648 logger
tail -2147483649 logger
tail --2147483648 logger
tail -4.5 logger
tail nolog
tail nolog stderr
tail merged
tail merged stderr
tail empty
tail off
tail off stderr
tail -f nolog
tail -f merged stderr

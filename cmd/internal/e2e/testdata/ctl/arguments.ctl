# Too few and too many words.
server: calm.conf

start
stop
restart
clear
signal
signal HUP
tail
tail a b c d
tail -f
tail -5
tail -f cat stdout more
tail a b c
tail cat nosuch
tail cat STDOUT
tail -x cat nosuch
tail -x cat
tail - cat
tail -f5 cat
maintail cat
maintail -x
maintail -
maintail -f now
maintail 1 2
fg
fg cat off
add
remove
shutdown now
reload now
avail now
reread now
open
open cat
open ftp://localhost
open localhost:9001

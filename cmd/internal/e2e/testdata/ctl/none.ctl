# A server without programs has nothing to say.
server: none.conf

status
status all
avail
start all
stop all
restart all
signal HUP all
clear all
pid all
reread
update
update all

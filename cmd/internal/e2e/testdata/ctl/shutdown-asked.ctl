# In the shell, shutdown asks.
server: calm.conf
fresh

$
< shutdown
< n
< version
< shutdown
< Yes, please
< quit
@gone
status

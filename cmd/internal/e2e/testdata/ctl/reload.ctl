# The server begins again, with the configuration it finds.
server: changes.conf
fresh

@config changes-next.conf
stop cat
reload
@await new=RUNNING cat=RUNNING late=STOPPED g:a=RUNNING g:b=RUNNING
status
avail
$
< reload
< yes
< quit
@await new=RUNNING cat=RUNNING g:a=RUNNING g:b=RUNNING
status cat

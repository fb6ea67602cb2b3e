# Names that mean nothing, alone and among others.
server: zoo.conf

status nosuch
status nosuch:*
status nosuch:x
status multi
status multi:nosuch
status cat nosuch
status nosuch off
status nosuch cat nosuch:*
status multi:*:x
status :
status :*
~ctl a pattern, which means all
status *

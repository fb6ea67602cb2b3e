# The page, every topic, and what is none.
server: calm.conf

~ctl the page lists our own commands, below the original's
help
~ctl the page lists our own commands, below the original's
?
help add
help avail
help clear
help exit
help fg
help help
help maintail
help open
help pid
help quit
help reload
help remove
help reread
help restart
help shutdown
help signal
help start
help status
help stop
help tail
help update
help version
help EOF
help nosuch
help status now
?status
? status
?nosuch
help  status
help Status

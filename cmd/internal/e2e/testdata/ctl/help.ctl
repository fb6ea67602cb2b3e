# The page, every topic, and what is none.
server: calm.conf

~ctl the page lists our own commands, below the original's
help
~ctl the page lists our own commands, below the original's
?
~ctl our help goes on with what is new
help add
~ctl our help goes on with what is new
help avail
~ctl our help goes on with what is new
help clear
help exit
~ctl our help goes on with what is new
help fg
help help
help maintail
help open
~ctl our help goes on with what is new
help pid
help quit
~ctl our help goes on with what is new
help reload
~ctl our help goes on with what is new
help remove
~ctl our help goes on with what is new
help reread
~ctl our help goes on with what is new
help restart
~ctl our help goes on with what is new
help shutdown
~ctl our help goes on with what is new
help signal
~ctl our help goes on with what is new
help start
~ctl our help goes on with what is new
help status
~ctl our help goes on with what is new
help stop
~ctl our help goes on with what is new
help tail
~ctl our help goes on with what is new
help update
~ctl our help goes on with what is new
help version
help EOF
help nosuch
help status now
~ctl our help goes on with what is new
?status
~ctl our help goes on with what is new
? status
?nosuch
~ctl our help goes on with what is new
help  status
help Status

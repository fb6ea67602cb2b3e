# The shell, fed line by line.
server: calm.conf

$
$
< quit
$
< exit
$
< EOF
~ctl the help page lists our own commands, below the original's
$
< help
< ?
$
< help exit
< version
< bogus
< 
<    
< status cat
< quit
< version
$
< status nosuch
< start
< quit now
! -c {dir}/s.conf -i
< version
! -s unix://{dir}/nosuch.sock
< version
< open unix://{dir}/s.sock
< version
< quit
! -s unix://{dir}/s.sock
< version
$
< shutdown
< n
< shutdown
< 
< shutdown
< no, thanks
< reload
< n
< shutdown now
< reload now
$
< shutdown
$
< ?exit
< !ls
< tail -5
< fg
< fg nosuch
< pid g:a
~ctl -i with an action opens the shell afterwards, as the help always said
! -c {dir}/s.conf -i version
~ctl -i with an action opens the shell afterwards, as the help always said
! -c {dir}/s.conf -i shutdown
< n
~ctl -i with an action opens the shell afterwards, as the help always said
! -c {dir}/s.conf -i reload

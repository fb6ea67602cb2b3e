# How a line is cut into a command and the rest.
server: calm.conf

nosuch
nosuch and more
!
!ls
! -c {dir}/s.conf '!ls -l'
! -c {dir}/s.conf ''
! -c {dir}/s.conf '  '
! -c {dir}/s.conf ' status   cat  '
! -c {dir}/s.conf status-cat
! -c {dir}/s.conf 'status cat'
! -c {dir}/s.conf 'pid	cat'
! -c {dir}/s.conf 'help;status'
STATUS
stat
EOF
quit
exit
quit now
exit now
version
version now

# The command line before the action, and what is wrong with it.
server: calm.conf

! -x
! -x status
! -
! --
! --nosuch
! --c {dir}/s.conf status
! --con {dir}/s.conf status cat
! --configuration={dir}/s.conf status cat
! --configuration {dir}/s.conf status cat
! --configuration
! --i=1 status
! --interactive=1
! --interactive= status
! -c
! -s
! -u
! -p
! -r
! -c {dir}/s.conf -c {dir}/s.conf status
! -c {dir}/s.conf --configuration {dir}/s.conf status
! -s http://localhost:1 -s http://localhost:2 status
! -s nourl status
! -s '' status
! -s http: status
! -s http:// status
! -s //localhost status
! --serverurl nourl status
! --serverurl=nourl status
! -sunix://{dir}/s.sock status cat
! -s unix://{dir}/s.sock status cat
! -c {dir}/nosuch.conf status
! -c {dir} status
! -c {dir}/s.conf -- status cat
! -c {dir}/s.conf - status
! -c {dir}/s.conf status -s
! -ix status
! -i -i status
! --s
! --h=1
! -c {dir}/s.conf --username user --password secret status cat
! -c {dir}/s.conf -r {dir}/history status cat
! -c {dir}/s.conf --history_file {dir}/history status cat
~ctl our help, in our words
! -h
~ctl our help, in our words
! --help
~ctl our help, in our words
! -?
~ctl our help, in our words
! --he
~ctl our help, in our words
! -c {dir}/nosuch.conf -h
! -s nourl -h
! -h -x

# Credentials: right ones, wrong ones, none, and asked for.
server: locked.conf

status
status off
avail
version
tail off
tail -f nosuch
maintail -f now
! -s http://127.0.0.1:{port} status
! -s unix://{dir}/s.sock status
! -s unix://{dir}/s.sock avail
! -s unix://{dir}/s.sock shutdown
! -s unix://{dir}/s.sock tail off
! -s unix://{dir}/s.sock tail -f off
! -s unix://{dir}/s.sock fg off
! -s unix://{dir}/s.sock start off nosuch
! -s unix://{dir}/s.sock -u user -p secret status
! -s unix://{dir}/s.sock -u user -p secret pid off
! -s unix://{dir}/s.sock -u user -p wrong status
! -s unix://{dir}/s.sock -u wrong -p secret status
! -s unix://{dir}/s.sock -u user status
! -s unix://{dir}/s.sock -p secret status
! -c {dir}/s.conf -u other status
! -c {dir}/s.conf -p other status
! -c {dir}/s.conf -s unix://{dir}/s.sock status
! -c {dir}/s.conf -s http://127.0.0.1:{port} status
! -c {dir}/s.conf -s http://localhost:{port}/ status
! -c {dir}/s.conf -s http://nobody:nothing@127.0.0.1:{port} status
open unix://{dir}/s.sock
! -s unix://{dir}/s.sock
< user
< secret
< version
< quit
! -s unix://{dir}/s.sock
< user
< wrong
< user
< secret
< quit
! -s unix://{dir}/s.sock
< user
! -s unix://{dir}/s.sock

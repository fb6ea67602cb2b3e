# Servers that are not there, and URLs that lead nowhere.
server: calm.conf

! -s unix://{dir}/nosuch.sock status
! -s unix://{dir}/nosuch.sock status cat
! -s unix://{dir}/nosuch.sock pid
! -s unix://{dir}/nosuch.sock start cat
! -s unix://{dir}/nosuch.sock stop cat
! -s unix://{dir}/nosuch.sock restart cat
! -s unix://{dir}/nosuch.sock signal HUP cat
! -s unix://{dir}/nosuch.sock clear cat
! -s unix://{dir}/nosuch.sock tail cat
! -s unix://{dir}/nosuch.sock tail -f cat
! -s unix://{dir}/nosuch.sock maintail
! -s unix://{dir}/nosuch.sock maintail -f
! -s unix://{dir}/nosuch.sock fg cat
! -s unix://{dir}/nosuch.sock version
! -s unix://{dir}/nosuch.sock avail
! -s unix://{dir}/nosuch.sock reread
! -s unix://{dir}/nosuch.sock add cat
! -s unix://{dir}/nosuch.sock add
! -s unix://{dir}/nosuch.sock remove cat
! -s unix://{dir}/nosuch.sock update
! -s unix://{dir}/nosuch.sock shutdown
! -s unix://{dir}/nosuch.sock reload
! -s unix://{dir}/nosuch.sock open unix://{dir}/s.sock
! -s unix://{dir}/nosuch.sock start
~ctl the help of status also lists patterns and --json
! -s unix://{dir}/nosuch.sock help status
! -s unix://{dir}/nosuch.sock
! -s http://127.0.0.1:{port} status
! -s http://127.0.0.1:{port} start cat
! -s http://127.0.0.1:{port} avail
! -s http://127.0.0.1:{port} shutdown
! -s http://127.0.0.1:{port} reload
! -s http://127.0.0.1:{port} update
! -s http://127.0.0.1:{port}
! -s unix://{dir}/d.log/x status
! -s unix://{dir}/d.log/x avail
! -s unix://{dir} status
! -s unix://{dir}/d.log status
! -s unix://{dir}/d.log shutdown
! -s unix://{dir}/a-socket-with-a-name-that-is-far-too-long-for-the-kernel-to-take-it-as-an-address-of-a-unix-domain-socket status
~ctl serverurl may be https://
! -s https://localhost status
~ctl serverurl may be https://
! -s https://localhost avail
! -s HTTP://localhost status
! -s ftp://localhost:{port}/ shutdown
! -s http://localhost:nosuch status
! -s http://localhost:99999 status
! -s http://nosuch.invalid:9001 status
! -s http://127.0.0.1:{port}/path status
open unix://{dir}/s.sock
open unix://{dir}/nosuch.sock
open http://127.0.0.1:{port}
open http://localhost:nosuch
open HTTP://localhost
open UNIX://{dir}/s.sock

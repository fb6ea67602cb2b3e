#!/usr/bin/env python3
"""Record what the original supervisord answers, as the golden files of this
directory.

    python3 record.py [supervisord]

One file is one call: the body that was posted, a line of dashes, the status of
the answer and its body. What differs from run to run (pids, times, the scratch
directory) is replaced by constants. The calls leave the world as they found it,
so that each can be replayed alone against a fake of that same world.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))

CONFIG = """
[supervisord]
nodaemon=true
logfile={d}/main.log
pidfile={d}/pid
identifier=golden
[unix_http_server]
file={d}/s
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:cat]
command={d}/cat
startsecs=0
stdout_logfile={d}/cat.out
stderr_logfile=NONE
stdout_logfile_backups=3
[program:web]
command=/bin/sleep 1000
numprocs=2
process_name=web_%(process_num)d
autostart=false
startsecs=0
priority=5
stdout_logfile=NONE
stderr_logfile=NONE
stdout_events_enabled=true
killasgroup=true
[program:gone]
command=/no/such/file
autostart=false
directory=/tmp
stdout_logfile=NONE
redirect_stderr=true
[program:plain]
command={d}/plain
autostart=false
stopsignal=INT
exitcodes=0,2
stdout_logfile=NONE
stderr_logfile=NONE
[program:failed]
command=/bin/false
startretries=0
stdout_logfile=NONE
stderr_logfile=NONE
[program:done]
command=/bin/sh -c "exit 3"
startsecs=0
autorestart=false
stdout_logfile=NONE
stderr_logfile=NONE
"""

FRESH = """
[program:fresh]
command=/bin/sleep 1000
autostart=false
stdout_logfile=NONE
stderr_logfile=NONE
"""

SLOW = """#!/bin/sh
trap 'sleep 2; exit 0' TERM
echo 'hello'
echo '<tag> & "quotes"'
printf 'caf\\303\\251\\n'
while :; do sleep 0.2; done
"""


def s(text):
    return "<string>%s</string>" % text


def i(n):
    return "<int>%d</int>" % n


def arr(*items):
    return "<array><data>%s</data></array>" % "".join("<value>%s</value>" % x for x in items)


def struct(**members):
    return "<struct>%s</struct>" % "".join(
        "<member><name>%s</name><value>%s</value></member>" % m for m in members.items())


def one(method, *params):
    return struct(methodName=s(method), params=arr(*params))


NIL = "<nil/>"
B0, B1, BTRUE = "<boolean>0</boolean>", "<boolean>1</boolean>", "<boolean>true</boolean>"

# (file, method, arguments); "supervisor." is understood.
CALLS = [
    ("getAPIVersion", "getAPIVersion"), ("getVersion", "getVersion"),
    ("getSupervisorVersion", "getSupervisorVersion"), ("getIdentification", "getIdentification"),
    ("getState", "getState"), ("getPID", "getPID"),
    ("too_many_arguments", "getPID", s("x")), ("too_few_arguments", "getProcessInfo"),
    ("unknown_method", "nope"), ("unknown_namespace", "other.getPID"), ("three_parts", "getPID.x"),
    ("private_method", "_update"), ("not_a_method", "supervisord"),
    ("listMethods", "system.listMethods"), ("listMethods_argument", "system.listMethods", s("x")),
    ("methodHelp_unknown", "system.methodHelp", s("x")), ("methodHelp_number", "system.methodHelp", i(1)),
    ("getProcessInfo_running", "getProcessInfo", s("cat")),
    ("getProcessInfo_full_name", "getProcessInfo", s("cat:cat")),
    ("getProcessInfo_stopped", "getProcessInfo", s("web:web_1")),
    ("getProcessInfo_exited", "getProcessInfo", s("done")),
    ("getProcessInfo_fatal", "getProcessInfo", s("failed")),
    ("getProcessInfo_untyped_name", "getProcessInfo", "cat"),
    ("getProcessInfo_unknown", "getProcessInfo", s("x")),
    ("getProcessInfo_unknown_escaped", "getProcessInfo", s("a&lt;b&gt; &amp; c")),
    ("getProcessInfo_unknown_in_group", "getProcessInfo", s("web:x")),
    ("getProcessInfo_group", "getProcessInfo", s("web:*")),
    ("getProcessInfo_empty", "getProcessInfo", s("")),
    ("getProcessInfo_number", "getProcessInfo", i(5)), ("getProcessInfo_nil", "getProcessInfo", NIL),
    ("getProcessInfo_base64", "getProcessInfo", "<base64>Y2F0</base64>"),
    ("getAllProcessInfo", "getAllProcessInfo"), ("getAllConfigInfo", "getAllConfigInfo"),
    ("startProcess_running", "startProcess", s("cat")),
    ("startProcess_running_full_name", "startProcess", s("cat:cat")),
    ("startProcess_no_file", "startProcess", s("gone")),
    ("startProcess_not_executable", "startProcess", s("plain")),
    ("startProcess_unknown", "startProcess", s("x:y")),
    ("startProcess_group_unknown", "startProcess", s("x:*")),
    ("startProcess_number", "startProcess", i(5)),
    ("startProcess_list", "startProcess", arr(s("cat"))),
    ("startProcess_three_arguments", "startProcess", s("cat"), B1, B1),
    ("startProcess", "startProcess", s("web:web_0")),
    ("undo", "stopProcess", s("web:web_0")),
    ("startProcess_no_wait", "startProcess", s("web:web_0"), B0),
    ("undo", "stopProcess", s("web:web_0")),
    ("startProcess_group", "startProcess", s("web:*")),
    ("undo", "stopProcessGroup", s("web")),
    ("startProcessGroup_colon", "startProcess", s("web:"), BTRUE),
    ("stopProcess_group", "stopProcess", s("web:*")),
    ("stopProcess_group_stopped", "stopProcess", s("web:")),
    ("startProcessGroup", "startProcessGroup", s("web")),
    ("undo", "stopProcessGroup", s("web")),
    ("startProcessGroup_unknown", "startProcessGroup", s("x")),
    ("startProcessGroup_number", "startProcessGroup", i(5)),
    ("startProcessGroup_truth", "startProcessGroup", B1),
    ("startProcessGroup_struct", "startProcessGroup", struct()),
    ("stopProcess_not_running", "stopProcess", s("web:web_0")),
    ("stopProcess_exited", "stopProcess", s("done")),
    ("stopProcess_unknown", "stopProcess", s("x")),
    ("stopProcessGroup_unknown", "stopProcessGroup", s("x")),
    ("signalProcess", "signalProcess", s("cat"), s("CONT")),
    ("signalProcess_number", "signalProcess", s("cat"), i(18)),
    ("signalProcess_number_as_text", "signalProcess", s("cat"), s("18")),
    ("signalProcess_unknown_type", "signalProcess", s("cat"), "<i8>18</i8>"),
    ("signalProcess_bad", "signalProcess", s("cat"), s("FOO")),
    ("signalProcess_bad_number", "signalProcess", s("cat"), i(99)),
    ("signalProcess_nil", "signalProcess", s("cat"), NIL),
    ("signalProcess_bad_name_and_signal", "signalProcess", s("x"), s("FOO")),
    ("signalProcess_bad_signal_stopped", "signalProcess", s("web:web_0"), s("FOO")),
    ("signalProcess_stopped", "signalProcess", s("web:web_0"), s("HUP")),
    ("signalProcessGroup", "signalProcessGroup", s("cat"), s("CONT")),
    ("signalProcessGroup_stopped", "signalProcessGroup", s("web"), s("CONT")),
    ("signalProcessGroup_unknown", "signalProcessGroup", s("x"), s("CONT")),
    ("signalProcessGroup_bad", "signalProcessGroup", s("cat"), s("FOO")),
    ("signalAllProcesses", "signalAllProcesses", s("CONT")),
    ("signalAllProcesses_bad", "signalAllProcesses", s("FOO")),
    ("readProcessLog", "readProcessLog", s("cat"), i(0), i(0)),
    ("readProcessStdoutLog_piece", "readProcessStdoutLog", s("cat"), i(6), i(5)),
    ("readProcessStdoutLog_end", "readProcessStdoutLog", s("cat"), i(-6), i(0)),
    ("readProcessStdoutLog_bad_arguments", "readProcessStdoutLog", s("cat"), i(-6), i(5)),
    ("readProcessStdoutLog_bad_length", "readProcessStdoutLog", s("cat"), i(0), i(-1)),
    ("readProcessStdoutLog_number_as_text", "readProcessStdoutLog", s("cat"), s("0"), s("5")),
    ("readProcessStdoutLog_no_number", "readProcessStdoutLog", s("cat"), s("x"), i(5)),
    ("readProcessStdoutLog_list", "readProcessStdoutLog", s("cat"), arr(), i(5)),
    ("readProcessStdoutLog_unknown", "readProcessStdoutLog", s("x"), i(0), i(5)),
    ("readProcessStderrLog_none", "readProcessStderrLog", s("cat"), i(0), i(5)),
    ("tailProcessLog", "tailProcessLog", s("cat"), i(0), i(8)),
    ("tailProcessStdoutLog_all", "tailProcessStdoutLog", s("cat"), i(0), i(1000)),
    ("tailProcessStderrLog_none", "tailProcessStderrLog", s("cat"), i(0), i(8)),
    ("tailProcessStdoutLog_group", "tailProcessStdoutLog", s("web:*"), i(0), i(8)),
    ("tailProcessStdoutLog_nil", "tailProcessStdoutLog", s("cat"), NIL, i(8)),
    ("clearProcessLogs_stopped", "clearProcessLogs", s("web:web_0")),
    ("clearProcessLog_unknown", "clearProcessLog", s("web:*")),
    ("sendProcessStdin", "sendProcessStdin", s("cat"), s("x")),
    ("sendProcessStdin_number", "sendProcessStdin", s("cat"), i(5)),
    ("sendProcessStdin_list", "sendProcessStdin", s("x"), arr(i(1), s("it's"), B1, NIL)),
    ("sendProcessStdin_struct", "sendProcessStdin", s("x"), struct(a=i(1), b="<double>1.50</double>")),
    ("sendProcessStdin_stopped", "sendProcessStdin", s("web:web_0"), s("x")),
    ("sendRemoteCommEvent", "sendRemoteCommEvent", s("kind"), s("data")),
    ("addProcessGroup_already", "addProcessGroup", s("cat")),
    ("addProcessGroup_unknown", "addProcessGroup", s("x")),
    ("addProcessGroup_list", "addProcessGroup", arr(s("x"))),
    ("removeProcessGroup_running", "removeProcessGroup", s("cat")),
    ("removeProcessGroup_unknown", "removeProcessGroup", s("x")),
    ("removeProcessGroup_list", "removeProcessGroup", arr(s("x"))),
    ("multicall", "system.multicall", arr(one("supervisor.getState"), one("supervisor.getProcessInfo", s("x")),
                                          one("supervisor.startProcess", s("web:web_0")), one("supervisor.stopProcess", s("web:web_0")))),
    ("multicall_recursive", "system.multicall", arr(one("system.multicall", arr()))),
    ("multicall_no_name", "system.multicall", arr(struct(params=arr()))),
    ("multicall_no_params", "system.multicall", arr(struct(methodName=s("supervisor.getAPIVersion")))),
    ("multicall_number_as_name", "system.multicall", arr(struct(methodName=i(5)))),
    ("multicall_number_as_process", "system.multicall", arr(one("supervisor.getProcessInfo", i(5)))),
    ("multicall_unknown", "system.multicall", arr(one("x"))),
    ("multicall_number_as_params", "system.multicall", arr(struct(methodName=s("supervisor.getPID"), params=i(5)))),
    ("multicall_empty", "system.multicall", arr()),
    ("multicall_not_a_list", "system.multicall", i(5)),
    ("multicall_text", "system.multicall", s("x")),
    ("multicall_of_numbers", "system.multicall", arr(i(5))),
    ("reloadConfig_same", "reloadConfig"),
]

RELOADED = [
    ("reloadConfig_added", "reloadConfig"),
    ("addProcessGroup", "addProcessGroup", s("fresh")),
    ("removeProcessGroup", "removeProcessGroup", s("fresh")),
]

DOWN = [
    ("down_getState", "getState"), ("down_getAPIVersion", "getAPIVersion"), ("down_startProcess", "startProcess", s("x")),
    ("down_shutdown", "shutdown"), ("down_unknown", "nope"), ("down_arguments", "getState", i(1)),
    ("down_sendRemoteCommEvent", "sendRemoteCommEvent", s("kind"), s("data")),
    ("down_listMethods", "system.listMethods"),
]


def body(method, *args):
    if "." not in method or method.startswith("getPID."):
        method = "supervisor." + method
    params = "".join("<param><value>%s</value></param>" % a for a in args)
    return "<?xml version='1.0'?>\n<methodCall>\n<methodName>%s</methodName>\n<params>%s</params>\n</methodCall>\n" % (method, params)


def post(path, data):
    data = data.encode()
    with socket.socket(socket.AF_UNIX) as c:
        c.connect(path)
        c.sendall(b"POST /RPC2 HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
        answer = b""
        while True:
            piece = c.recv(65536)
            if not piece:
                break
            answer += piece
    head, _, rest = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), rest.decode()


def mask(text, d):
    text = text.replace(d, "/golden")
    text = re.sub(r"<name>(start|stop|now)</name>\n<value><int>[1-9]\d*<", r"<name>\1</name>\n<value><int>1000<", text)
    text = re.sub(r"<name>pid</name>\n<value><int>[1-9]\d*<", r"<name>pid</name>\n<value><int>42<", text)
    text = re.sub(r"pid \d+, uptime [\d:]+", "pid 42, uptime 0:00:07", text)
    return re.sub(r"[A-Z][a-z][a-z] \d\d \d\d:\d\d [AP]M", "Jan 01 12:00 AM", text)


def record(d, calls):
    for name, method, *args in calls:
        request = body(method, *args)
        status, answer = post(d + "/s", request)
        if name == "undo":
            assert status == 200 and "<fault>" not in answer, answer
            continue
        if method == "getPID" and not args:
            answer = re.sub(r"\d{2,}", "42", answer)
        with open(os.path.join(HERE, name + ".xml.golden"), "w", newline="") as f:
            f.write("%s----\n%d\n%s" % (mask(request, d), status, mask(answer, d)))


def main():
    supervisord = sys.argv[1] if len(sys.argv) > 1 else "supervisord"
    d = tempfile.mkdtemp(prefix="golden")
    conf = os.path.join(d, "conf")

    def write(path, text, mode=0o644):
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)

    write(conf, CONFIG.format(d=d))
    write(d + "/cat", SLOW, 0o755)
    write(d + "/plain", "#!/bin/sh\n")
    daemon = subprocess.Popen([supervisord, "-c", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(4)
        record(d, CALLS)
        write(conf, CONFIG.format(d=d) + FRESH)
        record(d, RELOADED)
        write(conf, CONFIG.format(d=d).replace("startretries=0", "startretries=x"))
        record(d, [("reloadConfig_broken", "reloadConfig")])
        write(conf, CONFIG.format(d=d))
        record(d, [("undo", "reloadConfig")])
        record(d, [("shutdown", "shutdown")])
        record(d, DOWN)
        daemon.wait(30)
    finally:
        if daemon.poll() is None:
            daemon.kill()
        shutil.rmtree(d, ignore_errors=True)


if __name__ == "__main__":
    main()

"""A listener that uses all of the original's own library for listeners.

What it hears and gets for an answer goes to the file of its first argument. An
event of REMOTE_COMMUNICATION tells by its type what to do.
"""

import os
import sys

from supervisor import childutils

rpc = childutils.getRPCInterface(os.environ)
out = open(sys.argv[1], "a", buffering=1)
rejected = False


def tell(*words):
    print(*words, file=out)


def state_of(name):
    return rpc.supervisor.getProcessInfo(name)["statename"]


def remote(payload):
    """Does what the event wants, and answers it."""
    global rejected
    headers, data = childutils.eventdata(payload)
    tell(headers, repr(data))
    kind = headers["type"]
    if kind == "fail" and not rejected:
        rejected = True
        return childutils.listener.fail(sys.stdout)
    if kind == "send":
        return childutils.listener.send("OK", sys.stdout)
    if kind == "says":
        childutils.pcomm.send(data.encode(), sys.stderr.buffer)
    if kind == "call":
        tell(rpc.supervisor.getState(), rpc.supervisor.getIdentification())
        tell(rpc.supervisor.startProcess(data), state_of(data))
        tell(rpc.supervisor.stopProcess(data), state_of(data))
        tell(rpc.supervisor.sendRemoteCommEvent("sent", "by the listener: é"))
    childutils.listener.ok(sys.stdout)


def process(payload):
    headers = childutils.get_headers(payload)
    if "pid" in headers:
        headers["pid"] = "that of a process" if int(headers["pid"]) > 1 else headers["pid"]
    tell(headers)
    childutils.listener.ok(sys.stdout)


while True:
    headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
    assert int(headers.pop("len")) == len(payload)  # which pids may change
    tell(headers)
    if headers["eventname"] == "REMOTE_COMMUNICATION":
        remote(payload)
    elif headers["eventname"].startswith("PROCESS_COMMUNICATION"):
        _, data = childutils.eventdata(payload)
        tell(repr(data))
        childutils.listener.ok(sys.stdout)
    else:
        process(payload)

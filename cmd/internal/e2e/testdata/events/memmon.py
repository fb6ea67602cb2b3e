"""A listener as memmon is one: at each tick it restarts programs that are too large.

Its arguments are a file for what it reports, and NAME=KILOBYTES for each program.
It restarts a program once.
"""

import os
import subprocess
import sys

from supervisor import childutils

limits = dict(word.split("=") for word in sys.argv[2:])
rpc = childutils.getRPCInterface(os.environ)


def size_of(pid):
    """Kilobytes of a process."""
    return int(subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True).stdout)


def restart(info):
    name = "%(group)s:%(name)s" % info
    with open(sys.argv[1], "a") as report:
        report.write("%s %s\n" % (name, "is too large"))
        report.write("stopped: %s\n" % rpc.supervisor.stopProcess(name))
        report.write("started: %s\n" % rpc.supervisor.startProcess(name, False))


while True:
    headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
    if headers["eventname"].startswith("TICK"):
        for info in rpc.supervisor.getAllProcessInfo():
            if info["pid"] and info["name"] in limits and size_of(info["pid"]) > int(limits[info["name"]]):
                del limits[info["name"]]
                restart(info)
    childutils.listener.ok(sys.stdout)

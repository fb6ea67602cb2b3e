"""A listener as crashmail is one: it reports programs that exited unexpectedly.

Its mail goes to the file of its first argument.
"""

import sys

from supervisor import childutils

while True:
    headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
    if headers["eventname"] != "PROCESS_STATE_EXITED":
        childutils.listener.ok(sys.stdout)
        continue
    told, _ = childutils.eventdata(payload + "\n")
    if not int(told["expected"]):
        with open(sys.argv[1], "a") as mail:
            mail.write("Subject: %(processname)s crashed\n\nProcess %(processname)s in group %(groupname)s "
                       "exited unexpectedly from state %(from_state)s\n" % told)
        sys.stderr.write("unexpected exit, mailing\n")
        sys.stderr.flush()
    childutils.listener.ok(sys.stdout)

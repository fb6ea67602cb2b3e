#!/usr/bin/env python3
"""A verb of supervisorctl: lists the programs that run, the longest first.

    [ctlplugin:oldest]
    command=/usr/bin/python3 %(here)s/oldest.py
    help=List the programs that run, the longest first: oldest [COUNT]

It asks the server itself, by XML-RPC; supervisorctl tells it in the environment
which one, and as whom.
"""

import base64
import http.client
import os
import socket
import sys
import xmlrpc.client


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Transport(xmlrpc.client.Transport):
    """Goes to http://host:port and to unix:///path, with the name if there is one."""

    def __init__(self, environ):
        self.url = environ["SUPERVISOR_SERVER_URL"]
        headers = []
        if "SUPERVISOR_USERNAME" in environ:
            pair = environ["SUPERVISOR_USERNAME"] + ":" + environ.get("SUPERVISOR_PASSWORD", "")
            headers.append(("Authorization", "Basic " + base64.b64encode(pair.encode()).decode()))
        super().__init__(headers=headers)

    def make_connection(self, host):
        if self.url.startswith("unix://"):
            return UnixConnection(self.url[len("unix://"):])
        return super().make_connection(self.url.split("://", 1)[1].rstrip("/"))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else None
    server = xmlrpc.client.ServerProxy("http://localhost/RPC2", Transport(os.environ))
    running = [p for p in server.supervisor.getAllProcessInfo() if p["statename"] == "RUNNING"]
    running.sort(key=lambda p: p["start"])
    for p in running[:count]:
        name = p["name"] if p["name"] == p["group"] else p["group"] + ":" + p["name"]
        print("%-32s %s" % (name, p["description"]))


if __name__ == "__main__":
    main()

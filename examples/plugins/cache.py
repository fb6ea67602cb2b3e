#!/usr/bin/env python3
"""A plug-in of supervisord: a small store of values, as methods cache.*

supervisord runs it and tells it where to listen:

    [rpcinterface:cache]
    command=/usr/bin/python3 %(here)s/cache.py

or it runs by itself, at a path or a port of its own, and supervisord is told:

    cache.py /run/cache.sock        url=unix:///run/cache.sock
    cache.py 127.0.0.1:9010         url=http://127.0.0.1:9010

Methods go by their full names. supervisord sends, as headers, who asks:
X-Supervisor-User and X-Supervisor-Role. It has seen to it that they may.
"""

import os
import socket
import socketserver
import stat
import struct
import sys
from xmlrpc.server import SimpleXMLRPCDispatcher, SimpleXMLRPCRequestHandler

# What stands before the point is the name of the section, and of the process.
NAME = os.environ.get("SUPERVISOR_PROCESS_NAME", "cache")


class Cache:
    def __init__(self):
        self.values = {}

    def store(self, asker, key, value):
        """Keeps a value under a key."""
        self.values[key] = (value, asker)
        return True

    def fetch(self, asker, key):
        """Gives the value that is kept under a key."""
        return self.values[key][0]

    def getOwner(self, asker, key):
        """Tells who has stored the value that is kept under a key."""
        return self.values[key][1]

    def getKeys(self, asker):
        """Lists all keys."""
        return sorted(self.values)

    def getCount(self, asker):
        """Counts the keys."""
        return len(self.values)

    def delete(self, asker, key):
        """Forgets a key. It may be one that there is not."""
        self.values.pop(key, None)
        return True

    def clear(self, asker):
        """Forgets all keys."""
        self.values.clear()
        return True


class Handler(SimpleXMLRPCRequestHandler):
    disable_nagle_algorithm = False  # a unix socket has none

    def _dispatch(self, method, params):
        if method.startswith(NAME + "."):
            params = (self.headers.get("X-Supervisor-User", ""),) + tuple(params)
        return self.server._dispatch(method, params)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer, SimpleXMLRPCDispatcher):
    daemon_threads = True
    allow_reuse_address = True
    logRequests = False  # supervisord's trail tells who called what
    _send_traceback_header = False

    def __init__(self, address):
        socketserver.TCPServer.__init__(self, address, Handler)
        SimpleXMLRPCDispatcher.__init__(self, allow_none=True)
        self.register_introspection_functions()
        cache = Cache()
        for method in "store", "fetch", "getOwner", "getKeys", "getCount", "delete", "clear":
            self.register_function(getattr(cache, method), NAME + "." + method)


class UnixServer(Server):
    address_family = socket.AF_UNIX
    allow_reuse_address = False

    def server_bind(self):
        # What an earlier process left there would be in the way.
        if os.path.exists(self.server_address) and stat.S_ISSOCK(os.lstat(self.server_address).st_mode):
            os.unlink(self.server_address)
        super().server_bind()


class SupervisordsServer(UnixServer):
    """Answers supervisord alone, and no other program of the same user."""

    def verify_request(self, request, client_address):
        if sys.platform != "linux":  # others do not tell the pid
            return True
        pid, _, _ = struct.unpack("3i", request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return pid == os.getppid()


def main():
    where = sys.argv[1] if len(sys.argv) > 1 else os.environ["SUPERVISOR_PLUGIN_SOCKET"]
    if len(sys.argv) == 1:
        server = SupervisordsServer(where)
    elif where.startswith("/"):
        server = UnixServer(where)
    else:
        host, port = where.rsplit(":", 1)
        server = Server((host, int(port)))
    print("listening at %s" % where, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

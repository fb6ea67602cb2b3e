"""Calls a supervisord, as Python programs do.

    caller.py unix:///path/of/socket | http://host:port  USER PASSWORD

A socket is reached with the original's own transport, a port with the standard
library's. Standard input: lines, each a JSON list of a method and its arguments.
Standard output: for each a line, {"answer": ...}, {"fault": [code, text]},
{"http": status} or {"refused": text}.
"""
import http.client
import json
import sys
import xmlrpc.client

from supervisor.xmlrpc import SupervisorTransport

url, user, password = sys.argv[1:]
if url.startswith('unix:'):
    proxy = xmlrpc.client.ServerProxy('http://127.0.0.1', transport=SupervisorTransport(user, password, url))
else:
    proxy = xmlrpc.client.ServerProxy(url.replace('://', '://%s:%s@' % (user, password)))


def call(method, *arguments):
    try:
        return {'answer': getattr(proxy, method)(*arguments)}
    except xmlrpc.client.Fault as fault:
        return {'fault': [fault.faultCode, fault.faultString]}
    except xmlrpc.client.ProtocolError as error:
        return {'http': error.errcode}
    except (OSError, http.client.HTTPException) as error:
        proxy('close')()  # a transport that failed is of no use any more
        return {'refused': repr(error)}


for line in sys.stdin:
    print(json.dumps(call(*json.loads(line))), flush=True)

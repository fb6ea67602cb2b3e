"""Reads method calls as Supervisor does.

Standard input: lines, each a document as a JSON text. Standard output: for each a
line, null for one that is refused, else a JSON list: the name of the method, and
each parameter as repr prints it. A number that 64 bits cannot hold makes it
"beyond".
"""
import json
import sys

from supervisor import xmlrpc

handler = xmlrpc.supervisor_xmlrpc_handler(None, [])


def beyond(value):
    if isinstance(value, dict):
        return any(beyond(v) for v in value.values())
    if isinstance(value, (list, tuple)):
        return any(beyond(v) for v in value)
    return isinstance(value, int) and not -2**63 <= value < 2**63


for line in sys.stdin:
    try:
        params, method = handler.loads(json.loads(line))
        params = params or ()
        answer = 'beyond' if beyond(params) else [method or ''] + [repr(p) for p in params]
        text = json.dumps(answer)
    except Exception:
        text = 'null'
    print(text, flush=True)

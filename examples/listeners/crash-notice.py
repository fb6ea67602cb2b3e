#!/usr/bin/env python3
"""An event listener with nothing but Python's standard library. It tells a
webhook when a program ended that should not have, and when one was given up:

    [eventlistener:crash-notice]
    command=python3 crash-notice.py
    environment=WEBHOOK="https://chat.example.com/hook"
    events=PROCESS_STATE_EXITED,PROCESS_STATE_FATAL

The hook gets a JSON object by POST: its "text" is for people (chat programs show
it), the rest for programs. Without WEBHOOK, the text is written to stderr, and is
so in the listener's log. While the hook cannot be reached, the event is given back
and comes again; what the hook does not want (4xx) is told on stderr and dropped.

Stdout belongs to the protocol: everything here that prints prints to stderr.
"""
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request

# Seconds between an event that was given back and the next.
PAUSE = float(os.environ.get('PAUSE', '5'))


def tokens(line):
    """The words of "key:value key:value"."""
    return dict(word.split(':', 1) for word in line.split())


def notice(headers, payload):
    """What is to be told of an event, or None."""
    told = tokens(payload)
    if told.get('expected') == '1':
        return None
    name = told['groupname'] + ':' + told['processname']
    if headers['eventname'] == 'PROCESS_STATE_FATAL':
        text = name + ' did not stay up and has been given up'
    else:
        text = '%s (pid %s) has ended unexpectedly' % (name, told['pid'])
    return {
        'text': text, 'event': headers['eventname'], 'process': name,
        'server': headers['server'], 'serial': int(headers['serial']),
    }


def tell(message):
    """Raises OSError or HTTPException if it is worth another try."""
    hook = os.environ.get('WEBHOOK')
    if not hook:
        complain(message['text'])
        return
    request = urllib.request.Request(
        hook, json.dumps(message).encode(), {'Content-Type': 'application/json'})
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as problem:
        if problem.code >= 500:
            raise
        complain('%s does not want "%s": %s' % (hook, message['text'], problem))


def complain(text):
    print('crash-notice: ' + text, file=sys.stderr, flush=True)


def say(words):
    sys.stdout.write(words)
    sys.stdout.flush()


def main():
    # supervisord counts characters of UTF-8, whatever the locale, and a carriage
    # return is one of them: newline='\n' keeps Python from taking it away.
    stdin = open(0, encoding='utf-8', newline='\n')
    while True:
        say('READY\n')
        header = stdin.readline()
        if not header:
            return  # supervisord has closed it: the end
        headers = tokens(header)
        message = notice(headers, stdin.read(int(headers['len'])))
        try:
            if message:
                tell(message)
            say('RESULT 2\nOK')
        except (OSError, http.client.HTTPException) as problem:
            complain('cannot tell it, and will try again: %s' % problem)
            say('RESULT 4\nFAIL')
            time.sleep(PAUSE)


if __name__ == '__main__':
    main()

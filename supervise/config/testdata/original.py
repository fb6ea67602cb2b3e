"""Asks Supervisor itself what configurations mean.

Standard input: lines, each a JSON object {"dir", "file", "overrides"}. Standard
output: for each a line {"error", "lines"}, where one of "lines" is "SUBJECT OPTION
= VALUE", VALUE being JSON. The Go test prints what it read in the same words.
{"rule", "texts"} asks for one rule of the format instead.

environment= is read as Supervisor 4.4 does, with a shell's quoting: that is the
rule this project follows. "old" in a case leaves the installed version's rule.
"""
import io
import json
import os
import shlex
import sys

from supervisor import options, rpcinterface
from supervisor.events import getEventNameByType
from supervisor.datatypes import Automatic, RestartUnconditionally, RestartWhenExitUnexpected

installed_rule = options.dict_of_key_value_pairs


def posix_rule(text):
    lexer = shlex.shlex(str(text), posix=True)
    lexer.wordchars += '/.+-():'
    tokens = list(lexer)
    pairs = {}
    for start in range(0, len(tokens), 4):
        chunk = tokens[start:start + 3]
        if len(chunk) != 3 or chunk[1] != '=':
            raise ValueError("Unexpected end of key/value pairs in value '%s'" % text)
        pairs[chunk[0]] = chunk[2]
    return pairs


class Stop(Exception):
    pass


def stop(code):
    raise Stop()


class Running:
    """As much of a supervisord as getAllConfigInfo looks at."""

    def __init__(self, opts):
        self.options = opts
        self.process_groups = {}


def plain(value):
    if value is Automatic:
        return 'auto'
    if value is RestartUnconditionally:
        return 'always'
    if value is RestartWhenExitUnexpected:
        return 'unexpected'
    return value


class Lines(list):
    def say(self, subject, option, value):
        text = json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(',', ':'))
        self.append('%s %s = %s' % (subject, option, text))


def describe(opts):
    lines = Lines()
    section = opts.configroot.supervisord
    for name in ('logfile', 'pidfile', 'logfile_maxbytes', 'logfile_backups', 'loglevel', 'umask',
                 'minfds', 'minprocs', 'identifier'):
        lines.say('supervisord', name, getattr(opts, name))
    for name in ('nodaemon', 'silent', 'nocleanup', 'strip_ansi'):
        lines.say('supervisord', name, bool(getattr(opts, name)))
    for name in ('childlogdir', 'directory'):
        path = getattr(opts, name)
        lines.say('supervisord', name, path and os.path.abspath(path))
    lines.say('supervisord', 'user', opts.uid)
    lines.say('supervisord', 'environment', section.environment)
    lines.say('supervisord', 'serverurl', opts.serverurl)
    for text in opts.parse_criticals:
        lines.say('log', 'critical', text)
    for text in opts.parse_warnings:
        lines.say('log', 'warning', text)
    for text in opts.parse_infos:
        lines.say('log', 'info', text)
    for server in opts.server_configs:
        describe_server(lines, server)
    for name, _, extras in opts.rpcinterface_factories:
        lines.say('rpcinterface', name, extras)
    for number, group in enumerate(opts.process_group_configs):
        describe_group(lines, number, group)
    describe_infos(lines, opts)
    return lines


def describe_server(lines, server):
    subject = '[%s]' % server['section']
    if 'file' in server:
        lines.say(subject, 'file', server['file'])
        lines.say(subject, 'chmod', server['chmod'])
        lines.say(subject, 'chown', list(server['chown']))
    else:
        lines.say(subject, 'host', server['host'])
        lines.say(subject, 'port', server['port'])
    lines.say(subject, 'username', server['username'] or '')
    lines.say(subject, 'password', server['password'] or '')


def describe_group(lines, number, group):
    subject = 'group %d' % number
    lines.say(subject, 'name', group.name)
    lines.say(subject, 'priority', group.priority)
    if hasattr(group, 'pool_events'):
        lines.say(subject, 'buffer_size', group.buffer_size)
        lines.say(subject, 'events', sorted(getEventNameByType(e) for e in group.pool_events))
    if hasattr(group, 'socket_config'):
        socket = group.socket_config
        lines.say(subject, 'socket', socket.url)
        lines.say(subject, 'socket_backlog', socket.backlog or 0)
        if socket.url.startswith('unix:'):
            lines.say(subject, 'socket_mode', socket.mode)
            lines.say(subject, 'socket_owner', socket.owner and list(socket.owner))
    for index, process in enumerate(group.process_configs):
        describe_process(lines, 'group %d process %d' % (number, index), process)


def describe_process(lines, subject, process):
    for name in ('name', 'command', 'directory', 'umask', 'priority', 'autostart', 'autorestart', 'startsecs',
                 'startretries', 'stopwaitsecs', 'stopasgroup', 'killasgroup', 'exitcodes', 'redirect_stderr',
                 'serverurl', 'environment', 'uid'):
        lines.say(subject, name, getattr(process, name))
    lines.say(subject, 'stopsignal', int(process.stopsignal))
    for channel in ('stdout', 'stderr'):
        for option in ('logfile', 'logfile_maxbytes', 'logfile_backups', 'capture_maxbytes', 'events_enabled', 'syslog'):
            lines.say(subject, '%s_%s' % (channel, option), getattr(process, '%s_%s' % (channel, option)))


def describe_infos(lines, opts):
    interface = rpcinterface.SupervisorNamespaceRPCInterface(Running(opts))
    interface._update = lambda text: None
    for number, info in enumerate(interface.getAllConfigInfo()):
        for name in sorted(info):
            lines.say('info %d' % number, name, info[name])


def ask(case):
    os.chdir(case['dir'])
    options.dict_of_key_value_pairs = installed_rule if case.get('old') else posix_rule
    args = ['-c', case['file']]
    for option, value in sorted((case.get('overrides') or {}).items()):
        if option in ('nodaemon', 'silent', 'nocleanup', 'strip_ansi'):
            args.append('--' + option)
        else:
            args.append('--%s=%s' % (option, value))
    opts = options.ServerOptions()
    opts.stderr = io.StringIO()
    opts.exit = stop
    try:
        opts.realize(args=args, doc='', progname='supervisord')
        return {'error': '', 'lines': describe(opts)}
    except Stop:
        text = opts.stderr.getvalue()
        text = text[len('Error: '):text.rindex('\nFor help, use')]
        return {'error': text, 'lines': []}
    except Exception as e:
        return {'error': 'crash: %s: %s' % (type(e).__name__, e), 'lines': []}


def values(case):
    """Single rules, for many texts at once."""
    results = []
    for text in case['texts']:
        try:
            if case['rule'] == 'expand':
                result = options.expand(text, {'here': '/h', 'name': 'wörld', 'process_num': 7, 'numprocs': -3}, 'label')
            elif case['rule'] == 'environment':
                result = posix_rule(text)
            elif case['rule'] == 'old environment':
                result = installed_rule(text)
            elif case['rule'] == 'split':
                result = shlex.split(text)
            elif case['rule'] == 'ini':
                parser = options.UnhosedConfigParser()
                parser.read_file(io.StringIO(text, newline=None), 'F')
                result = [[s, [[o, parser.get(s, o)] for o in parser._sections[s]]] for s in parser._sections]
                result += [['DEFAULT', [[k, v] for k, v in parser._defaults.items()]]]
            else:
                result = getattr(options, case['rule'])(text)
                if case['rule'] == 'signal_number':
                    result = int(result)
            results.append({'result': result, 'error': ''})
        except Exception as e:
            results.append({'result': None, 'error': str(e) or type(e).__name__})
    return results


for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps(values(case) if 'rule' in case else ask(case)), flush=True)

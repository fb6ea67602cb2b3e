"""Drives the Subprocess of the original Supervisor through scripts and says what it did.

Reads one JSON object a line from standard input, {"policy": {...}, "script": [...]}, and answers each with one JSON
list of lines. Only the world around Subprocess is made up: the clock, fork, kill and the log. Its methods are called
as supervisord and its RPC interface call them; between two steps of the script its transition() is called at each
moment at which it has something to do, and at the steps named "pass" besides.

Where this house has decided otherwise than the original, decided() says so and makes the difference here, so that
everything else must agree.
"""
import errno
import json
import os
import sys
import types

from supervisor import events, process
from supervisor.datatypes import RestartUnconditionally, RestartWhenExitUnexpected
from supervisor.options import NotFound
from supervisor.states import ProcessStates, getProcessStateDescription

TINY = 1e-6  # what the clock moves before each pass, since the original compares times strictly

AUTORESTART = {"true": RestartUnconditionally, "unexpected": RestartWhenExitUnexpected, "false": False}


class World:
    """One process, its configuration, its clock, and what was said about it."""

    def __init__(self, policy):
        self.now = self.start = 1000.0
        self.said = []
        self.pids = 40
        self.outcome = "born"
        self.killing = "ok"
        self.options = self.make_options()
        self.process = process.Subprocess(self.make_config(policy))
        self.process.group = None
        self.process.get_execv_args = self.get_execv_args
        process.time = types.SimpleNamespace(time=lambda: self.now)
        events.clear()
        events.subscribe(events.ProcessStateEvent, self.hear)

    def make_options(self):
        options = types.SimpleNamespace(mood=1, pidhistory={}, logger=self, kill=self.kill, fork=self.fork)
        options.close_parent_pipes = options.close_child_pipes = lambda pipes: None
        return options

    def make_config(self, policy):
        config = types.SimpleNamespace(**policy)
        config.name = "x"
        config.priority = 999
        config.options = self.options
        config.autorestart = AUTORESTART[policy["autorestart"]]
        config.make_dispatchers = self.make_dispatchers
        return config

    # What the process is told by the world.

    def get_execv_args(self):
        self.say("spawn")
        if self.outcome == "can't find command 'x'":
            raise NotFound(self.outcome)
        return "/bin/x", ["x"]

    def make_dispatchers(self, proc):
        if self.outcome == "too many open files to spawn 'x'":
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return {}, {}

    def fork(self):
        if self.outcome == "Too many processes in process table to spawn 'x'":
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        if self.outcome == "unknown error during fork for 'x': ENOMEM":
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        self.pids += 1
        return self.pids

    def kill(self, pid, sig):
        self.say("kill %d %d" % (pid, sig))
        if self.killing == "missed":
            raise OSError(errno.ESRCH, os.strerror(errno.ESRCH))
        if self.killing == "failed":
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    # What the world hears of the process.

    def hear(self, event):
        extra = "".join(" %s:%s" % pair for pair in event.extra_values)
        self.say("%s -> %s%s" % (
            getProcessStateDescription(event.from_state), getProcessStateDescription(event.process.state), extra))

    def debug(self, text):
        if not text.startswith("sending "):  # said by those who send a signal by hand
            self.say("DEBG " + text)

    def info(self, text):
        self.say("INFO " + text)

    def warn(self, text):
        self.say("WARN " + text)

    def critical(self, text):
        self.say("CRIT " + text[:text.index("):") + 2])  # a traceback follows

    def say(self, text):
        self.said.append("%.3f     %s" % (self.now - self.start, text))

    # Time.

    def run_until(self, then):
        while True:
            moment = self.next_moment()
            if moment is None or moment > then:
                break
            self.now = max(self.now, moment)
            self.settle()
        self.now = then

    def next_moment(self):
        """When transition() will next have something to do; only where to look, the looking is its own."""
        p, c = self.process, self.process.config
        if p.state == ProcessStates.STARTING:
            return p.laststart + c.startsecs
        if p.state == ProcessStates.STOPPING:
            return p.delay
        if p.state == ProcessStates.BACKOFF and self.options.mood > 0:
            return p.delay
        return None

    def settle(self):
        quiet = 0
        while quiet < 2:
            before = len(self.said)
            self.now += TINY
            self.process.transition()
            quiet = quiet + 1 if len(self.said) == before else 0

    # The script.

    def play(self, script):
        for at, what in script:
            self.run_until(self.start + at)
            self.said.append("%.3f %s" % (at, what))
            word, _, rest = what.partition(" ")
            getattr(self, "do_" + word)(rest)
            self.settle()
            self.said.append(self.sight())

    def do_pass(self, _):
        pass  # settle() follows every step

    def do_outcome(self, text):
        self.outcome = text

    def do_killing(self, text):
        self.killing = text

    def do_mood(self, number):
        self.options.mood = int(number)

    def do_start(self, _):
        p = self.process
        if p.state == ProcessStates.UNKNOWN or self.options.mood <= 0:
            return  # refused before it comes to this
        if not p.pid:
            self.decided()
        p.spawn()

    def do_stop(self, _):
        if self.process.state in (ProcessStates.UNKNOWN, ProcessStates.STOPPING):
            return  # refused likewise
        self.process.stop()
        self.decided()

    def do_shutdown(self, _):
        if self.process.state == ProcessStates.UNKNOWN:
            return
        process.ProcessGroupBase.stop_all(types.SimpleNamespace(processes={"x": self.process}))
        self.decided()

    def do_signal(self, number):
        if self.process.state in (ProcessStates.RUNNING, ProcessStates.STARTING, ProcessStates.STOPPING):
            self.process.signal(int(number))

    def do_exit(self, status):
        p = self.process
        if p.pid and p.state != ProcessStates.UNKNOWN:  # there it fails an assertion, and supervisord ends
            p.finish(p.pid, int(status))

    def decided(self):
        """A stop and a start by hand reset the backoff counter; the original counts on."""
        self.process.backoff = 0

    def sight(self):
        p = self.process
        return "= %s pid %d tries %d started %s stopped %s status %s spawnerr %s" % (
            getProcessStateDescription(p.state), p.pid, p.backoff, self.when(p.laststart), self.when(p.laststop),
            "unknown" if p.exitstatus is None else p.exitstatus, p.spawnerr or "none")

    def when(self, moment):
        return "%.3f" % (moment - self.start) if moment else "never"


for line in sys.stdin:
    task = json.loads(line)
    world = World(task["policy"])
    world.play(task["script"])
    print(json.dumps(world.said))

"""Drives the EventListenerPool and the listener dispatcher of the original Supervisor through scripts.

Reads one JSON object a line from standard input, {"pools": [...], "script": [...]}, and answers each with one JSON list
of lines: what was logged, and what was written to whom. The processes are made up; events, pools and dispatchers are
the original's. Pools are compared where it is not known to be wrong: made-up processes are equal only to themselves, so
that a rejected event stays in its pool, and no pool subscribes to a node and its parent.
"""
import errno
import json
import os
import sys
import types

from supervisor import events, process
from supervisor.dispatchers import EventListenerStates, PEventListenerDispatcher, default_handler
from supervisor.states import ProcessStates, getEventListenerStateDescription


class Listener:
    """Stands for the Subprocess of one listener."""

    def __init__(self, world, group, name):
        self.world = world
        self.group = group
        self.config = types.SimpleNamespace(name=name, priority=999, options=world.options, stdout_logfile=None)
        self.state = ProcessStates.STOPPED
        self.broken = False
        self.chunk = b""
        self.spawned()

    def spawned(self):
        self.alive = True
        self.dispatcher = PEventListenerDispatcher(self, "stdout", self)

    def hear(self, chunk):
        if self.alive:
            self.chunk = chunk
            self.dispatcher.handle_read_event()

    def running(self, yes):
        if self.alive:
            self.state = ProcessStates.RUNNING if yes else ProcessStates.STARTING

    def transition(self):
        pass

    def write(self, data):
        if self.broken:
            raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))
        self.world.said.append("to %s: %s" % (self.config.name, data.hex()))

    def gone(self):
        self.alive = False
        self.state = ProcessStates.EXITED
        if self.event is not None:
            events.notify(events.EventRejectedEvent(self, self.event))
            self.event = None


class World:
    def __init__(self, pools):
        self.said = []
        self.options = types.SimpleNamespace(identifier="supervisor", logger=self, readfd=lambda listener: listener.chunk)
        events.clear()
        process.GlobalSerial.serial = -1
        self.listeners = {}
        self.pools = [self.make_pool(pool) for pool in pools]

    def make_pool(self, pool):
        config = types.SimpleNamespace(
            name=pool["name"], options=self.options, buffer_size=pool["buffer_size"], result_handler=default_handler,
            pool_events=[getattr(events.EventTypes, name) for name in pool["events"]],
            process_configs=[types.SimpleNamespace(name=name, make_process=self.maker(name)) for name in pool["listeners"]])
        return process.EventListenerPool(config)

    def maker(self, name):
        def make(group):
            self.listeners[name] = Listener(self, group, name)
            return self.listeners[name]
        return make

    def debug(self, text):
        if " stdout output:\n" not in text:  # said by those who keep the log of the channel
            self.said.append("DEBG " + text)

    def info(self, text):
        self.said.append("INFO " + text)

    def warn(self, text):
        self.said.append("WARN " + text)

    def error(self, text):
        self.said.append("ERRO " + text)

    def play(self, script):
        for step in script:
            getattr(self, "do_" + step["do"])(step)
            self.said.append("= %s" % " ".join(
                "%s:%s" % (name, getEventListenerStateDescription(l.listener_state))
                for name, l in sorted(self.listeners.items())))

    def do_offer(self, step):
        events.notify(make_event(step))

    def do_dispatch(self, _):
        for pool in self.pools:
            pool.transition()

    def do_output(self, step):
        self.listeners[step["who"]].hear(bytes.fromhex(step["data"]))

    def do_running(self, step):
        self.listeners[step["who"]].running(step["yes"])

    def do_broken(self, step):
        self.listeners[step["who"]].broken = step["yes"]

    def do_spawned(self, step):
        self.listeners[step["who"]].gone()
        self.listeners[step["who"]].spawned()

    def do_gone(self, step):
        self.listeners[step["who"]].gone()


def make_event(step):
    kind = getattr(events.EventTypes, step["type"])
    group = types.SimpleNamespace(config=types.SimpleNamespace(name="g"))
    proc = types.SimpleNamespace(
        config=types.SimpleNamespace(name="p"), group=group, pid=step["pid"], backoff=step["tries"])
    if issubclass(kind, events.ProcessStateEvent):
        return kind(proc, step["from"], step["expected"])
    if issubclass(kind, (events.ProcessLogEvent, events.ProcessCommunicationEvent)):
        return kind(proc, step["pid"], bytes.fromhex(step["data"]))
    if issubclass(kind, events.RemoteCommunicationEvent):
        return kind("kind", text_of(bytes.fromhex(step["data"])))
    if issubclass(kind, events.SupervisorStateChangeEvent):
        return kind()
    if issubclass(kind, events.TickEvent):
        return kind(step["when"], None)
    return kind("g")


def text_of(data):
    """The parameters of a remote call are always text."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""


for line in sys.stdin:
    task = json.loads(line)
    world = World(task["pools"])
    world.play(task["script"])
    print(json.dumps(world.said))

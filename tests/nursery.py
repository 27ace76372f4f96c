"""Processes that are killed again and again, forked from one that has loaded all they need.

To start Python and to load packages and kernels takes longer than what is tested. So one process,
the nursery, runs a command once and has nothing else to do; each child is a copy of it. Where a
kill meets it makes no difference to a child.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Child:
    """A process of the nursery, as ``subprocess`` has them."""

    nursery: Any
    pid: int
    code: int | None = None

    def poll(self):
        """Return how it ended, if it did."""
        if self.code is None:
            self.code = self.nursery.ask({"poll": self.pid})
        return self.code

    def wait(self):
        """Wait for its end; return its exit code, or the negative number of the signal."""
        if self.code is None:
            self.code = self.nursery.ask({"wait": self.pid})
        return self.code

    def kill(self):
        """Kill it, if it lives; only ``poll`` and ``wait`` forget its number."""
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)


class Nursery:
    """The process that is copied."""

    def __init__(self, setup, *commands):
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ask({"setup": setup, "commands": [[str(each) for each in one] for one in commands]})

    def ask(self, request):
        """Send a request, and return what is answered."""
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the nursery ended"
        return json.loads(answer)

    def start(self, *arguments, stdout=os.devnull):
        """Start a command, whose output goes to a file or a pipe with a name."""
        request = {"command": [str(each) for each in arguments], "stdout": str(stdout)}
        return Child(self, self.ask(request))

    def script(self, body, *arguments, stdout=os.devnull):
        """Start Python with ``sys.argv[1:]``."""
        request = {"script": body, "arguments": [str(each) for each in arguments]}
        return Child(self, self.ask({**request, "stdout": str(stdout)}))

    def close(self):
        """End it."""
        self._process.communicate()


@contextmanager
def opened(setup="", *commands):
    """Open a nursery in which ``setup`` and some commands have run."""
    nursery = Nursery(setup, *commands)
    try:
        yield nursery
    finally:
        nursery.close()


def serve(requests, answers):
    """Do what is asked for, a line each; of a child, whose own process this is then, no more."""
    from dedup.cli import root
    from dedup.cli.running import start_lean

    start_lean()

    def run(arguments):
        try:
            root.main(arguments)
        except SystemExit as end:
            return end.code

    for line in requests:
        request = json.loads(line)
        answer = None
        if "setup" in request:
            exec(request["setup"], {})
            codes = [run(each) for each in request["commands"]]
            assert not any(codes), codes
            assert threading.active_count() == 1  # a copy has one thread
        elif "poll" in request or "wait" in request:
            pid = request.get("poll") or request["wait"]
            ended, status = os.waitpid(pid, os.WNOHANG if "poll" in request else 0)
            answer = os.waitstatus_to_exitcode(status) if ended else None
        else:
            answer = os.fork()
            if not answer:
                _live(request, run)
        answers.write(f"{json.dumps(answer)}\n")
        answers.flush()


def _live(request, run):
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(request["stdout"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        if "command" in request:
            code = run(request["command"])
        else:
            sys.argv[1:] = request["arguments"]
            exec(request["script"], {"__name__": "__main__", "sys": sys})
            code = 0
        sys.stdout.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the commands print is no answer
    serve(sys.stdin, out)

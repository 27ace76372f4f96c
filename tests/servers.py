"""A Redis server of the tests' own, in a folder of its own, and nobody else's."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("redis-server", "valkey-server")
PATIENCE = 20


def program():
    """Return the server that is installed, if one is."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@contextmanager
def running(*options):
    """Run a server on a socket; yield its URL and its process."""
    folder = Path(tempfile.mkdtemp(prefix="dedup-"))
    socket = folder / "redis.sock"
    settings = ["--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "", *options]
    process = subprocess.Popen(
        [program(), *map(str, settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + PATIENCE
        while not socket.exists():
            assert process.poll() is None, "the server did not start"
            assert time.monotonic() < end, "the server takes too long"
            time.sleep(0.02)
        yield f"unix://{socket}", process
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)

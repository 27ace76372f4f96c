"""Run a command and print as JSON what the system says it took: CPU seconds, seconds, megabytes.

    python benchmarks/measured.py COMMAND …

A small process of its own, for a child's largest resident set starts with that of its parent.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

begin = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=False).returncode
seconds = time.perf_counter() - begin
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
facts = {
    "code": code,
    "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
    "seconds": round(seconds, 2),
    "megabytes": round(usage.ru_maxrss / 1024),
}
print(json.dumps(facts))

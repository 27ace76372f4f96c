"""A scan on Spark as a file that ``spark-submit`` runs: the arguments are those of ``dedup scan``.

spark-submit … "$(python -m dedup.cli.submit --where)" news.parquet -o found
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Run ``dedup scan --engine spark``; with ``--where`` alone say where this file is."""
    from dedup.cli import main as command
    from dedup.cli.running import show

    if sys.argv[1:] == ["--where"]:
        show([str(Path(__file__).resolve())], colour=False)
        return
    sys.argv[1:1] = ["scan", "--engine", "spark"]
    command()


if __name__ == "__main__":
    # A script brings its own folder along, whose modules are no packages of their own.
    own = Path(__file__).resolve().parent
    sys.path[:] = [each for each in sys.path if not each or Path(each).resolve() != own]
    main()

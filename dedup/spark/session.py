"""A session of our own, where the caller brings none."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from dedup.spark.frames import Session

BATCH_ROWS = 2_000  # of an Arrow batch: Spark 3.5 has no bound of bytes


def own_session(
    master: str | None = None, settings: Mapping[str, Any] | None = None
) -> tuple[Session, bool]:
    """Return the active session, or start one that is fit for texts; tell whether it was started.

    ``master`` is used only where none is active and ``spark-submit`` named none; by default all
    cores of this machine, and a task that fails is tried again.
    """
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        return active, False
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else the first python3 on the path
    builder = SparkSession.builder.appName("dedup")
    given = {
        "spark.sql.execution.arrow.maxRecordsPerBatch": BATCH_ROWS,
        "spark.ui.showConsoleProgress": "false",
        **(settings or {}),
    }
    for name, value in given.items():
        builder = builder.config(name, value)
    if master is not None or not _submitted():
        master = master or "local[*,4]"
        if master.startswith("local"):
            for name in ("spark.driver.host", "spark.driver.bindAddress"):
                builder = builder.config(name, "127.0.0.1")
        builder = builder.master(master)
    return builder.getOrCreate(), True


def spark_error() -> type[Exception]:
    """Return what Spark raises where it cannot start, or paths and columns are not as asked for."""
    from pyspark.errors import PySparkException

    found: type[Exception] = PySparkException
    return found


def _submitted() -> bool:
    """Tell whether ``spark-submit`` started this process and so has said where to run."""
    return "PYSPARK_GATEWAY_PORT" in os.environ or "SPARK_ENV_LOADED" in os.environ

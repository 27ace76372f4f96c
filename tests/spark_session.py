"""A Spark session for the tests, as a cluster would be but on this machine."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
CONF = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "4",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # Each plan runs once, on few rows: the second compiler of Java costs more than it saves.
    # With less room for code it throws away what it needs again, with a small heap it collects all
    # the time.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xms1g -Xmn400m"
    " -XX:ReservedCodeCacheSize=200m",
    "spark.python.daemon.module": "spark_workers",  # in ``environment``
}
MASTER = "local[2,4]"  # a task that fails is tried again, as on a cluster


def missing():
    """Say what is not there for Spark to run, or nothing."""
    if importlib.util.find_spec("pyspark") is None:
        return "the extra spark is not installed"
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        return "no java: scripts/servers installs it where it may"
    return None


def is_running():
    """Tell whether there is a session."""
    from pyspark.sql import SparkSession

    return SparkSession.getActiveSession() is not None


def environment():
    """Return the environment of a process that starts a session with ``CONF``."""
    path = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
    return {
        **os.environ,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONPATH": path,
    }


def start(**more):
    """Start a session, or return the one there is."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    more = {"spark.executorEnv.PYTHONPATH": str(TESTS), **more}
    builder = SparkSession.builder.appName("dedup tests")
    for name, value in {**CONF, **more}.items():
        builder = builder.config(name, value)
    session = builder.master(MASTER).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session

"""How two processes share the tests (pytest-xdist)."""

from __future__ import annotations

from xdist.scheduler.loadscope import LoadScopeScheduling

# Tests on Spark need one session, which starts slowly. What a kernel calls is compiled once in a
# process, and the tests of kernels call what other tests lead to.
TOGETHER = ("tests/spark/", "tests/kernels/")
BY_FILE = "tests/report/"  # one browser a file
ALONE = "test_spark_3_5"  # starts a process of its own, so the session is nothing to it


def group_of(test):
    """Return what one process runs together with a test, by its id; else the id itself."""
    if test.endswith(ALONE):
        return test
    for folder in TOGETHER:
        if test.startswith(folder):
            return folder
    if test.endswith("spark.md]"):
        return "tests/spark/"
    return test.partition("::")[0] if test.startswith(BY_FILE) else test


class Groups(LoadScopeScheduling):
    """Give each process one group at a time, in the order in which the tests stand."""

    def __init__(self, config, log):
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid):
        return group_of(nodeid)

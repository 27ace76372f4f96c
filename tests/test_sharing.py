"""Tests that one process has to run together are told by their ids."""

from __future__ import annotations

import pytest

pytest.importorskip("xdist", reason="pytest-xdist is not installed")


def test_what_shares_a_session_or_a_browser_stays_together():
    from sharing import group_of

    assert group_of("tests/spark/test_spark_cli.py::test_a") == "tests/spark/"
    assert (
        group_of("tests/test_docs_blocks.py::test_a_page[docs/guides/spark.md]") == "tests/spark/"
    )
    alone = "tests/spark/test_spark_scale.py::test_spark_3_5"
    assert group_of(alone) == alone
    assert group_of("tests/kernels/test_lines.py::test_a[1]") == "tests/kernels/"
    assert (
        group_of("tests/report/test_report_page.py::test_a") == "tests/report/test_report_page.py"
    )
    assert group_of("tests/cli/test_cli.py::test_a[x]") == "tests/cli/test_cli.py::test_a[x]"

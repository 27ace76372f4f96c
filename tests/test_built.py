"""The wheel and the sdist hold the package and nothing else, and install beside nothing of ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv

import pytest
from pages import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import built
import installs

pytest.importorskip("hatchling", reason="the extra check is not installed")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    return built.Built.of(tmp_path_factory.mktemp("built"))


def test_nothing_is_missing_and_nothing_else_is_in_them(both):
    assert both.faults() == []
    names = [*both.in_wheel(), *both.in_sdist()]
    assert not [name for name in names if re.search(r"(^|/)(tests|seeds|benchmarks)/", name)]


def test_what_does_not_belong_is_named(both, monkeypatch):
    wanted = {*built.sources(), "dedup/lost.py"} - {"dedup/config.py"}
    monkeypatch.setattr(built, "sources", lambda: wanted)
    monkeypatch.setattr(built, "MOST", 1000)
    lost, more, lacks, size = both.faults()
    assert (lost, more) == ("the wheel lacks dedup/lost.py", "the wheel has dedup/config.py")
    assert lacks == "the sdist lacks dedup/lost.py"
    assert "allowed are 1,000" in size


def test_the_metadata_say_what_pip_and_people_need(both):
    said = both.metadata()
    assert said["Name"] == ["dedup-toolkit"]
    assert said["Version"] == [installs.version()]
    assert said["Requires-Python"] == [">=3.10"]
    assert said["License-File"] == ["LICENSE", "dedup/report/web/vendor/LICENSES.txt"]
    bare = [each for each in said["Requires-Dist"] if "extra ==" not in each]
    assert not [each for each in bare if re.match("datasketch|scipy|pandas", each)]


def test_every_python_that_is_declared_is_looked_at(both):
    prefix = "Programming Language :: Python :: 3."
    declared = [
        each.removeprefix(prefix)
        for each in both.metadata()["Classifier"]
        if each.startswith(prefix)
    ]
    assert [f"3.{minor}" for minor in declared] == list(installs.PYTHONS)


def test_dependencies_of_a_python_are_those_its_markers_ask_for():
    wanted = ["numpy>=1.26", "backports.zstd>=1; python_version < '3.14'", "redis; extra == 'x'"]
    assert installs.bare(wanted, "3.13") == ["numpy>=1.26", "backports.zstd>=1"]
    assert installs.bare(wanted, "3.14") == ["numpy>=1.26"]


@pytest.mark.slow
def test_an_installed_wheel_runs_without_the_checkout(both, tmp_path):
    """Dependencies are those of this environment; scripts/installs takes them from the index."""
    venv.create(tmp_path / "env", with_pip=False)
    bin = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    home = sysconfig.get_path(
        "purelib", vars={"base": str(tmp_path / "env"), "platbase": str(tmp_path / "env")}
    )
    pip = [sys.executable, "-m", "pip", "--python", str(bin / "python"), "--quiet"]
    subprocess.run(
        [*pip, "install", "--disable-pip-version-check", "--no-deps", both.wheel], check=True
    )
    # The last part of the path, so that the wheel's own files come first.
    (tmp_path / "env-packages.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    (tmp_path / "env-packages.pth").rename(f"{home}/shared.pth")
    run = subprocess.run(
        [bin / "dedup", "--version", "--verbose"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.startswith(f"dedup {installs.version()}\n")
    assert str(tmp_path / "env") in run.stdout

"""What is installed is called by its name on the index: in commands, messages and pages."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from commands import run

from dedup.core import package
from dedup.errors import DedupError

ROOT = Path(__file__).resolve().parents[2]
INSTALLS = re.compile(
    r"(?:pip install|pipx install|uv tool install|uvx --from|pip download)\s+(.*)"
)
OTHER = re.compile(r"(?<![\w.-])dedup(?![\w-])(?=\[|['\"\s]|$)")


def lines():
    """Yield (place, line) of all pages, code and settings of the repository."""
    folders = ("dedup", "docs", "scripts", "benchmarks")
    paths = [each for name in folders for each in sorted((ROOT / name).rglob("*"))]
    for path in (*ROOT.glob("*.md"), ROOT / "pyproject.toml", *paths):
        if any(part.startswith(".") for part in path.relative_to(ROOT).parts):
            continue
        if path.is_file() and path.suffix in (".md", ".py", ".toml", ".yml", ".sh", ""):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                yield f"{path.relative_to(ROOT)}:{number}", line


def test_nobody_is_told_to_install_the_other_package():
    wrong = []
    for place, line in lines():
        found = INSTALLS.search(line)
        if found and OTHER.search(re.split(r"&&|\|\||#", found[1])[0].split(" dedup ")[0]):
            wrong.append(f"{place}: {line.strip()}")
    assert not wrong, wrong


@pytest.mark.parametrize(
    "line",
    [
        "pip install dedup",
        "pip install 'dedup[html]'",
        "uv tool install dedup",
        "pipx install dedup",
    ],
)
def test_wrong_lines_are_seen(line):
    assert OTHER.search(INSTALLS.search(line)[1])
    right = line.replace("dedup", package.DISTRIBUTION)
    assert not OTHER.search(INSTALLS.search(right)[1])


@pytest.mark.parametrize(
    ("prefix", "command"),
    [
        ("/usr", "pip install"),
        ("/home/ann/.venv", "pip install"),
        ("/home/ann/.local/share/pipx/venvs/dedup-toolkit", "pipx install --force"),
        ("/home/ann/.local/share/uv/tools/dedup-toolkit", "uv tool install --force"),
        ("/home/ann/.cache/uv/archive-v0/Zq3", "uvx --from"),
    ],
)
def test_an_extra_is_installed_as_the_package_was(prefix, command):
    assert package.install("html", prefix) == f"{command} 'dedup-toolkit[html]'"


def test_what_only_some_need_is_an_extra():
    base = {
        re.match(r"[\w.-]+", each)[0].replace("_", "-").replace(".", "-")
        for each in metadata.requires(package.DISTRIBUTION)
        if "extra ==" not in each
    }
    assert base == {
        *("backports-zstd", "charset-normalizer", "click", "courlan", "jinja2", "numba"),
        *("numpy", "orjson", "pyarrow", "tqdm", "xxhash"),
    }  # DESIGN.md says what each is for


def test_every_extra_that_is_named_exists():
    extras = set(metadata.metadata(package.DISTRIBUTION).get_all("Provides-Extra"))
    named = set()
    for _, line in lines():
        named |= set(re.findall(r"\binstall\('(\w+)'\)", line))
        named |= set(re.findall(r"dedup-toolkit\[([\w-]+)\]", line))
    assert {"spark", "html", "plots"} <= named <= extras


def test_the_version_comes_from_one_place():
    import dedup

    assert dedup.__version__ == package.version() == metadata.version(package.DISTRIBUTION)
    assert run("--version").out == f"dedup {package.version()}\n"


def test_another_package_in_the_way_is_named(monkeypatch, tmp_path):
    package.check_alone()
    (tmp_path / "dedup-1.0.dist-info").mkdir()
    monkeypatch.setattr(package, "_PLACE", tmp_path)
    parts = [Path("dedup/__init__.py"), Path("dedup-1.0.dist-info/RECORD")]
    monkeypatch.setattr(metadata, "distribution", lambda name: SimpleNamespace(files=parts))
    with pytest.raises(DedupError, match=r"another package named dedup .* pip uninstall dedup &&"):
        package.check_alone()


def test_files_that_are_not_installed_have_no_version(monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    assert package.version.__wrapped__() == "unknown"

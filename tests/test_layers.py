"""Who may import whom, which package has which door, and what no module may do."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "dedup"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A module imports only from rows above its own, and inside its own package.
ROWS = [
    ("errors", "schema", "kernels"),
    ("config", "core"),
    ("result", "text", "sources", "evaluation"),
    ("passages", "cleaning"),
    ("similarity", "output"),
    ("clusters", "stories"),
    ("index", "pipeline"),
    ("spark", "report"),
    ("api",),
    ("integrations", "cli", "__init__"),
    ("__main__",),
]
RANKS = {name: row for row, names in enumerate(ROWS) for name in names}
# One package, one door; numpy and pyarrow are the air everybody breathes.
DOORS = {
    "click": ("cli",),
    "tqdm": ("cli",),
    "orjson": ("sources", "core.files", "output.tables"),
    "backports": ("sources",),
    "compression": ("sources",),
    "jinja2": ("report.web.assets",),
    "markupsafe": ("report.web.assets",),  # jinja2's own
    "xxhash": ("core.hashing",),
    "numba": ("kernels._jit", "kernels._compiling", "kernels._signatures"),
    "llvmlite": ("kernels._jit", "kernels._compiling"),
    "datasketch": ("similarity.minhash", "similarity.lsh"),
    "trafilatura": ("sources",),
    "courlan": ("sources.urls",),
    "feedparser": ("sources.feeds",),
    "warcio": ("sources.warc",),
    "charset_normalizer": ("sources.decoding",),
    "fsspec": ("sources.remote",),
    "aiohttp": ("sources.remote",),
    "redis": ("index.redis.server",),
    "scrapy": ("integrations.scrapy",),
    "itemadapter": ("integrations.scrapy",),
    "twisted": ("integrations.scrapy",),
    "matplotlib": ("report.figures.drawing",),
    "pandas": ("integrations.frames",),
    "polars": ("integrations.frames", "api.results"),
    "typing_extensions": ("api",),  # for types, not when it runs
    "pyspark": ("spark",),
}
FREE = {"numpy", "pyarrow"}


def module_name(path):
    """Return the dotted name below the package, `kernels._jit` or `__init__`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def syntax(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path):
    """Yield (line, dotted name) of every import, wherever it stands in the file."""
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            # `from dedup import tokens` names a module, `from dedup import scan` the package.
            yield from ((node.lineno, target(node.module, each.name)) for each in node.names)


def target(module, name):
    below = ROOT.joinpath(*module.split("."), name)
    return f"{module}.{name}" if below.is_dir() or below.with_suffix(".py").is_file() else module


def rank(name):
    head = name.split(".")[0]
    assert head in RANKS, f"dedup.{head} is new: give it a row in ROWS of {__file__}"
    return RANKS[head]


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_module_imports_only_from_below(path):
    name = module_name(path)
    own = name.split(".")[0]
    for line, other in imported(path):
        if other.split(".")[0] != "dedup":
            continue
        inner = other.removeprefix("dedup").removeprefix(".") or "__init__"
        if inner.split(".")[0] == own and "." in f"{name}{inner}":
            continue
        assert rank(inner) < rank(name), f"{path}:{line}: {name} imports {inner}"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_package_comes_in_by_its_door(path):
    name = module_name(path)
    for line, other in imported(path):
        head = other.split(".")[0]
        if head in FREE | {"dedup"} or (head in sys.stdlib_module_names and head not in DOORS):
            continue
        assert head in DOORS, f"{path}:{line}: {head} is new: give it a door in {__file__}"
        doors = DOORS[head]
        assert any(name == door or name.startswith(f"{door}.") for door in doors), (
            f"{path}:{line}: {head} comes in by {', '.join(doors) or 'nobody'}, not by {name}"
        )


@pytest.mark.parametrize("path", sorted((PACKAGE / "kernels").glob("*.py")), ids=module_name)
def test_a_kernel_knows_numpy_and_other_kernels_only(path):
    for line, other in imported(path):
        allowed = other.split(".")[0] in {*sys.stdlib_module_names, "numpy", *DOORS}
        assert allowed or other.startswith("dedup.kernels"), f"{path}:{line}: {other}"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_only_the_command_line_prints(path):
    if module_name(path).split(".")[0] in ("cli", "__main__"):
        return
    for node in ast.walk(syntax(path)):
        printed = isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
        assert not printed, f"{path}:{node.lineno}: print"


RUNS_A_FILE = re.compile(r"\byaml\.load|load_extension|read_pickle|to_pickle|allow_pickle=True")


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_nothing_runs_what_a_file_says(path):
    found = RUNS_A_FILE.search(path.read_text(encoding="utf-8"))
    assert found is None, f"{path}: {found[0]}"
    banned = {"pickle", "cPickle", "cloudpickle", "dill", "marshal", "shelve", "joblib"}
    for line, other in imported(path):
        assert other.split(".")[0] not in banned, f"{path}:{line}: {other}"
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("eval", "exec", "__import__"), f"{path}:{node.lineno}: {called}"
            for word in node.keywords:
                off = isinstance(word.value, ast.Constant) and word.value.value is False
                assert word.arg != "allow_pickle" or off, f"{path}:{node.lineno}: allow_pickle"


def test_no_module_stands_in_two_rows_or_as_a_file_and_a_folder():
    assert len(RANKS) == sum(map(len, ROWS))
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert not folders & {path.stem for path in PACKAGE.glob("*.py")}

"""Install what is built in clean environments, every way people install it, and scan the seeds.

    scripts/installs                              # all Pythons that are here, all ways
    scripts/installs --python 3.12 --way pip --way uvx
    scripts/installs --quick                      # looks for copies only: fewer loops to compile
    scripts/installs --wheels                     # for which Pythons and systems wheels are there
    scripts/installs --contents                   # what is in the wheel and in the sdist

Everything comes from the package index, as it does for users; uv and pipx too. A run of one way
on one Python takes about two minutes, most of it to compile.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from built import ROOT, Built

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
SYSTEMS = {
    "Linux x86-64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "Linux ARM": ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
    "macOS ARM": ("macosx_14_0_arm64", "macosx_11_0_arm64"),
    "Windows x86-64": ("win_amd64",),
}
STEPS = ("first scan, interpreted", "warmup", "second scan")
QUIET = ("--quiet", "--disable-pip-version-check")


@cache
def version() -> str:
    """Return the version in pyproject.toml, the one place that says it."""
    for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines():
        if line.startswith("version = "):
            return line.split('"')[1]
    raise SystemExit("pyproject.toml has no version")


def bare(requires: Sequence[str], python: str) -> list[str]:
    """Return what a plain install asks for on a Python; pip would ask for its own version."""
    from packaging.requirements import Requirement

    wanted = []
    for each in map(Requirement, requires):
        here = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
        if each.marker is None or each.marker.evaluate(here):
            wanted.append(f"{each.name}{each.specifier}")
    return wanted


@dataclass(frozen=True)
class Tools:
    """A folder for environments, and one of them with uv and pipx."""

    folder: Path
    built: Built

    @property
    def bin(self) -> Path:
        """Return where the tools are."""
        return self.folder / "tools" / "bin"

    def environment(self, python: str) -> dict[str, str]:
        """Return the variables of a machine on which nothing of ours was ever run."""
        home = self.folder / "home"
        ours = ("PYTHON", "VIRTUAL_ENV", "NUMBA", "DEDUP")
        kept = {key: each for key, each in os.environ.items() if not key.startswith(ours)}
        return {
            **kept,
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": str(home),
            "PIPX_HOME": str(home / "pipx"),
            "PIPX_BIN_DIR": str(home / "bin"),
            "UV_TOOL_BIN_DIR": str(home / "bin"),
            "UV_TOOL_DIR": str(home / "uv" / "tools"),
            "UV_CACHE_DIR": str(home / "cache"),
            "UV_PYTHON": python,
            "UV_PYTHON_DOWNLOADS": "never",
        }

    def call(self, *command: str | Path, python: str) -> str:
        """Run a command with nothing of this environment; return what it prints."""
        run = subprocess.run(
            [*map(str, command)],
            cwd=self.folder,
            env=self.environment(python),
            capture_output=True,
            text=True,
        )
        if run.returncode:
            raise SystemExit(f"{' '.join(map(str, command))}\n{run.stdout}{run.stderr}")
        return run.stdout


def by_pip(file: Path, tools: Tools, python: str) -> list[str]:
    """Install into a virtual environment; return how the command is called then."""
    env = tools.folder / "env"
    tools.call(python, "-m", "venv", env, python=python)
    tools.call(env / "bin" / "pip", "install", *QUIET, file, python=python)
    return [str(env / "bin" / "dedup")]


def by_pipx(file: Path, tools: Tools, python: str) -> list[str]:
    """Install as a tool of pipx."""
    tools.call(tools.bin / "pipx", "install", "--python", python, file, python=python)
    return [str(tools.folder / "home" / "bin" / "dedup")]


def by_uv_tool(file: Path, tools: Tools, python: str) -> list[str]:
    """Install as a tool of uv."""
    tools.call(tools.bin / "uv", "tool", "install", "--quiet", file, python=python)
    return [str(tools.folder / "home" / "bin" / "dedup")]


def by_uvx(file: Path, tools: Tools, python: str) -> list[str]:
    """Run without installing."""
    command = [str(tools.bin / "uvx"), "--quiet", "--from", str(file), "dedup"]
    tools.call(*command, "--version", python=python)
    return command


WAYS: dict[str, tuple[Callable[[Path, Tools, str], list[str]], str]] = {
    "pip": (by_pip, "wheel"),
    "pip-sdist": (by_pip, "sdist"),
    "pipx": (by_pipx, "wheel"),
    "uv-tool": (by_uv_tool, "wheel"),
    "uvx": (by_uvx, "wheel"),
}


def pythons_here(wanted: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Yield each Python that is wanted, and the path of one that works."""
    for name in wanted:
        kept = Path.home().glob(f".pyenv/versions/{name}.*/bin/python{name}")
        there = [*map(str, sorted(kept)), shutil.which(f"python{name}") or ""]
        works = (each for each in there if each and runs(each, name))
        yield name, next(works, None)


def runs(path: str, name: str) -> bool:
    """Tell whether a path is a Python of a version, and no stand-in."""
    asked = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    run = subprocess.run([path, "-c", asked], capture_output=True, text=True)
    return run.stdout.strip() == name


def size_of(folder: Path) -> int:
    """Return the MB of what is installed below a folder, without pip and setuptools."""
    names = ("pip", "setuptools", "pkg_resources", "_distutils_hack")
    found = {
        file.stat().st_ino: file.stat().st_size
        for home in folder.rglob("site-packages")
        if (home / "numba").is_dir() and "cache" not in home.parts
        for file in home.rglob("*")
        if file.is_file() and not file.relative_to(home).parts[0].startswith(names)
    }
    return round(sum(found.values()) / 1e6)


def cpu_seconds() -> float:
    """Return the CPU time that processes of ours which have ended took."""
    used = os.times()
    return used.children_user + used.children_system


def try_way(way: str, python: str, tools: Tools, more: Sequence[str]) -> list[str]:
    """Install one way, scan, compile, scan again; return the cells of a row: seconds, and MB."""
    install, which = WAYS[way]
    begin = time.perf_counter()
    command = install(getattr(tools.built, which), tools, python)
    installed = time.perf_counter()
    said = tools.call(*command, "--version", python=python)
    if said.split() != ["dedup", version()]:
        raise SystemExit(f"{way}: {said!r}")
    size = size_of(tools.folder)
    scan, times = ("scan", str(ROOT / "seeds"), *more), []
    for step in (scan, ("warmup", "duplicates" if more else "scan"), scan):
        start, used = time.perf_counter(), cpu_seconds()
        said = tools.call(*command, *step, python=python)
        if step is scan and "5 read = 5 kept" not in said:
            raise SystemExit(f"{way}: the seeds are not scanned as they should be")
        times.append(f"{time.perf_counter() - start:.1f} ({cpu_seconds() - used:.1f})")
    return [f"{installed - begin:.0f}", *times, str(size or "none")]


def install_all(pythons: Sequence[str], ways: Sequence[str], more: Sequence[str]) -> None:
    """Try each way on each Python, and print a row of a table for each."""
    columns = ("Python", "way", "install, s", *(f"{each}, s (CPU)" for each in STEPS), "MB")
    print(f"| {' | '.join(columns)} |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for name, path in pythons_here(pythons):
        if path is None:
            print(f"| {name} | not run: no such Python on this machine | | | | | |", flush=True)
            continue
        for way in ways:
            with tempfile.TemporaryDirectory(prefix="dedup-installs-") as folder:
                tools = Tools(Path(folder), Built.of(Path(folder)))
                subprocess.run([sys.executable, "-m", "venv", tools.bin.parent], check=True)
                pip = [tools.bin / "pip", "install", *QUIET]
                subprocess.run([*pip, "uv", "pipx"], check=True, stderr=subprocess.DEVNULL)
                (tools.folder / "home").mkdir()
                cells = try_way(way, path, tools, more)
            print(f"| {name} | {way} | {' | '.join(cells)} |", flush=True)


def show_wheels() -> int:
    """Print for which Pythons and systems all dependencies of a bare install have wheels."""
    with tempfile.TemporaryDirectory() as folder:
        requires = Built.of(Path(folder)).metadata()["Requires-Dist"]
    print(f"| Python | {' | '.join(SYSTEMS)} |")
    print(f"|---|{'---|' * len(SYSTEMS)}")
    missing = 0
    for python in PYTHONS:
        said = [lacks(bare(requires, python), python, tags) for tags in SYSTEMS.values()]
        missing += sum(map(bool, said))
        print(f"| {python} | {' | '.join(each or 'all' for each in said)} |", flush=True)
    return 1 if missing else 0


def lacks(requires: Sequence[str], python: str, platforms: Sequence[str]) -> str:
    """Return what pip says when a wheel is missing; nothing is downloaded."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--dry-run", "--ignore-installed", "--only-binary=:all:", "--target", folder]
        tags = ["--python-version", python]
        tags += [word for each in platforms for word in ("--platform", each)]
        run = subprocess.run(
            [sys.executable, "-m", "pip", *("install", *QUIET, *options, *tags), *requires],
            capture_output=True,
            text=True,
        )
    errors = [line for line in run.stderr.splitlines() if line.startswith("ERROR")]
    return errors[0].partition("requirement ")[2] or errors[0] if run.returncode else ""


def show_contents() -> int:
    """Print the files of both, with their sizes, and what is wrong with them."""
    with tempfile.TemporaryDirectory() as folder:
        built = Built.of(Path(folder))
        for path, files in ((built.wheel, built.in_wheel()), (built.sdist, built.in_sdist())):
            print(f"{path.name}: {len(files)} files, {path.stat().st_size:,} bytes")
            for name, size in sorted(files.items()):
                print(f"{size:>10,}  {name}")
        faults = built.faults()
    print(*faults, sep="\n", file=sys.stderr)
    return 1 if faults else 0


def main() -> int:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", action="append", choices=PYTHONS, help="only this Python")
    parser.add_argument("--way", action="append", choices=WAYS, help="only this way")
    parser.add_argument("--quick", action="store_true", help="scan for copies only")
    parser.add_argument("--wheels", action="store_true", help="only ask the index for wheels")
    parser.add_argument("--contents", action="store_true", help="only list what is built")
    given = parser.parse_args()
    if given.contents:
        return show_contents()
    if given.wheels:
        return show_wheels()
    more = ["--find", "duplicates"] if given.quick else []
    install_all(given.python or PYTHONS, given.way or list(WAYS), more)
    return 0


if __name__ == "__main__":
    sys.exit(main())

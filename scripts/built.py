"""The wheel and the sdist: how they are built, and what must and must not be in them."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "dedup"
# Of scripts/vendor: what the bundle of the report is made of.
NOT_SHIPPED = {"entry.js", "package.json", "package-lock.json"}
MOST = 2 << 20  # bytes of a wheel; a data set or a build of something would be more
TOP = {PACKAGE, "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "PKG-INFO", ".gitignore"}


@dataclass(frozen=True)
class Built:
    """A wheel and an sdist of one version."""

    wheel: Path
    sdist: Path

    @classmethod
    def of(cls, folder: Path, python: str = sys.executable) -> Built:
        """Build both into a folder; ``python`` has hatchling, and nothing is downloaded."""
        command = [python, "-m", "hatchling", "build", "-d", str(folder)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
        return cls(wheel, sdist)

    def in_wheel(self) -> dict[str, int]:
        """Return the size of each file of the wheel."""
        with zipfile.ZipFile(self.wheel) as file:
            return {each.filename: each.file_size for each in file.infolist()}

    def in_sdist(self) -> dict[str, int]:
        """Return the size of each file of the sdist, without the folder around all."""
        with tarfile.open(self.sdist) as file:
            return {
                each.name.partition("/")[2]: each.size
                for each in file.getmembers()
                if each.isfile()
            }

    def metadata(self) -> dict[str, list[str]]:
        """Return what the wheel says of itself: the values of each name."""
        with zipfile.ZipFile(self.wheel) as file:
            (name,) = (each for each in file.namelist() if each.endswith(".dist-info/METADATA"))
            head = HeaderParser().parsestr(file.read(name).decode())
        return {name: head.get_all(name) or [] for name in set(head.keys())}

    def faults(self) -> list[str]:
        """Return what is missing from the two, and what does not belong there."""
        wanted, wheel, sdist = sources(), self.in_wheel(), self.in_sdist()
        mine = {name for name in wheel if ".dist-info/" not in name}
        size = self.wheel.stat().st_size
        said = [
            *(f"the wheel lacks {name}" for name in sorted(wanted - mine)),
            *(f"the wheel has {name}" for name in sorted(mine - wanted)),
            *(f"the sdist lacks {name}" for name in sorted(wanted - sdist.keys())),
            *(f"the sdist has {name}" for name in sorted(sdist) if name.split("/")[0] not in TOP),
        ]
        return said + (
            [f"the wheel has {size:,} bytes, allowed are {MOST:,}"] if size > MOST else []
        )


def sources() -> set[str]:
    """Return the files of the package that are under version control and are shipped."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", PACKAGE],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    names = {each for each in listed.stdout.split("\0") if each and (ROOT / each).exists()}
    return {name for name in names if name.rpartition("/")[2] not in NOT_SHIPPED}

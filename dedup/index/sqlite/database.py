"""One SQLite file: opened with care, closed with care, shared with other processes and threads.

SQLite up to 3.51.2 can damage a file whose log is written and copied back by two connections in the
same instant. So whoever writes, or closes, holds the lock file beside the index; reading needs
none. A connection must not be used after a fork: a process that finds itself forked opens its own.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dedup.core.hashing import xxh3_64
from dedup.errors import CorruptIndex, DedupError, IndexUnavailable
from dedup.index.sqlite.locking import FileLock, file_system, is_remote

APPLICATION_ID = 0x64656475  # "dedu"
SCHEMA_VERSION = 2
_CACHE_KIB = 32 << 10
_LOG_PAGES = 4000  # of the log that are copied back into the file at a time
_WAIT_MS = 30_000
_STEP = 64  # lists of values that are longer come in these steps of length
_OLDEST = (3, 37)  # has STRICT tables
_MAGIC = b"SQLite format 3\0"
_HEADER, _OWNER = 100, 68  # bytes of the header of a database, and where its application id is
_NO_SPACE = ("full", "disk i/o", "readonly", "unable to open", "locked", "busy", "too big")

_FORMS = [struct.Struct(f"<{count}q") for count in range(5)]
_OTHER_TYPES = "a row of the index holds values of other types than were written"

# The exact tables of an index file; a file with anything else is not opened.
SCHEMA = {
    "settings": (
        "CREATE TABLE settings(one INTEGER PRIMARY KEY, seal INTEGER NOT NULL, "
        "json TEXT NOT NULL) STRICT"
    ),
    "state": (
        "CREATE TABLE state(one INTEGER PRIMARY KEY, seal INTEGER NOT NULL, "
        "data BLOB NOT NULL) STRICT"
    ),
    "docs": (
        "CREATE TABLE docs(number INTEGER PRIMARY KEY, family INTEGER NOT NULL, leads INTEGER "
        "NOT NULL, time INTEGER NOT NULL, seal INTEGER NOT NULL, record BLOB NOT NULL) STRICT"
    ),
    "members": "CREATE INDEX members ON docs(family, number) WHERE leads = 0",
    "blocks": "CREATE TABLE blocks(place INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT",
    "gone": "CREATE TABLE gone(number INTEGER PRIMARY KEY) STRICT",
    "seeds": "CREATE TABLE seeds(place INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT",
    "sites": (
        "CREATE TABLE sites(place INTEGER PRIMARY KEY, seal INTEGER NOT NULL, "
        "data BLOB NOT NULL) STRICT"
    ),
}
# What an index of the first format lacks: it gets them when it is opened for writing.
ADDED = ("seeds", "sites")
FIRST_SCHEMA = {name: sql for name, sql in SCHEMA.items() if name not in ADDED}
# Those of an index that keeps stories as well.
STORY_SCHEMA = {
    "story_settings": (
        "CREATE TABLE story_settings(one INTEGER PRIMARY KEY, seal INTEGER NOT NULL, "
        "json TEXT NOT NULL) STRICT"
    ),
    "story_counts": (
        "CREATE TABLE story_counts(one INTEGER PRIMARY KEY, articles INTEGER NOT NULL, "
        "last INTEGER NOT NULL) STRICT"
    ),
    "story_articles": (
        "CREATE TABLE story_articles(number INTEGER PRIMARY KEY, name TEXT NOT NULL, day INTEGER "
        "NOT NULL, story INTEGER NOT NULL, near BLOB NOT NULL, vector BLOB NOT NULL, seal INTEGER "
        "NOT NULL) STRICT"
    ),
    "story_names": "CREATE UNIQUE INDEX story_names ON story_articles(name)",
    "story_groups": "CREATE INDEX story_groups ON story_articles(story, number)",
    "story_terms": (
        "CREATE TABLE story_terms(term INTEGER PRIMARY KEY, documents INTEGER NOT NULL, "
        "balance INTEGER NOT NULL) STRICT"
    ),
    "story_heads": (
        "CREATE TABLE story_heads(term INTEGER NOT NULL, number INTEGER NOT NULL, value INTEGER "
        "NOT NULL, day INTEGER NOT NULL, PRIMARY KEY(term, number)) STRICT, WITHOUT ROWID"
    ),
    "story_told": (
        "CREATE TABLE story_told(name TEXT NOT NULL, digest INTEGER NOT NULL, story TEXT, "
        "PRIMARY KEY(name, digest)) STRICT, WITHOUT ROWID"
    ),
    "story_changes": (
        "CREATE TABLE story_changes(number INTEGER PRIMARY KEY, name TEXT NOT NULL, old_story TEXT "
        "NOT NULL, new_story TEXT NOT NULL, because TEXT NOT NULL) STRICT"
    ),
}


def sealed(data: bytes, *facts: int) -> int:
    """Return the checksum of some bytes and numbers, as SQLite takes numbers.

    What was read from a file may be anything; of other types it is ``CorruptIndex``.
    """
    try:
        seed = xxh3_64(_FORMS[len(facts)].pack(*facts))
    except struct.error:
        raise CorruptIndex(_OTHER_TYPES) from None
    if not isinstance(data, bytes):
        raise CorruptIndex(_OTHER_TYPES)
    digest = xxh3_64(data, seed)
    return digest - (1 << 64) if digest >> 63 else digest


def _refuse_others(path: Path) -> None:
    """Raise ``CorruptIndex`` for a file that is no index, ``IndexUnavailable`` for a folder."""
    if path.is_dir():
        raise IndexUnavailable(f"{path} is a folder, not a dedup index, which is a file")
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("rb") as file:
        head = file.read(_HEADER)
    if not head.startswith(_MAGIC):
        raise CorruptIndex(f"{path} is not a dedup index")
    owner = int.from_bytes(head[_OWNER : _OWNER + 4], "big")
    # An index that was not closed may have its mark in the log only.
    if owner != APPLICATION_ID and not _log_of(path):
        raise CorruptIndex(f"{path} is a SQLite database, not a dedup index")


# Connections of a parent process: they must neither be used nor closed by the child.
_left_behind: list[sqlite3.Connection] = []


def translated(error: sqlite3.Error, path: Path) -> DedupError:
    """Return the error of dedup for one of SQLite."""
    text = str(error).lower()
    if isinstance(error, sqlite3.OperationalError) and any(each in text for each in _NO_SPACE):
        return IndexUnavailable(f"{path}: {error}")
    return CorruptIndex(f"{path}: {error}")


class Database:
    """A connection and its transactions. ``read_only`` never writes, not even beside the file."""

    def __init__(
        self,
        path: Path,
        create: Callable[[], str] | None,
        *,
        read_only: bool,
        must_be_new: bool,
        durable: bool,
    ) -> None:
        """Open a file; ``create`` gives the settings of one that is not there yet."""
        self.path = path
        self.read_only = read_only
        self._durable = durable
        self._closed = False
        self._begin(create, must_be_new=must_be_new)

    def _begin(self, create: Callable[[], str] | None = None, *, must_be_new: bool = False) -> None:
        self._process = os.getpid()
        self.lock = threading.RLock()
        self.forgotten = True  # what was known of the file may be out of date
        lock = Path(f"{self.path}.lock")
        with self._errors():
            # Nothing is made beside a file of another kind. Where a lock is there already, the file
            # may be an index that another process is making: it is looked at under the lock alone.
            if not (self.read_only or lock.exists()):
                _refuse_others(self.path)
            self._guard = None if self.read_only else FileLock(lock)
            try:
                with self._alone():
                    _refuse_others(self.path)
                    if must_be_new and self.path.exists():
                        raise IndexUnavailable(f"{self.path}: there is something already")
                    self._connection = self._connect(create)
            except BaseException:
                if self._guard is not None:
                    self._guard.close()
                raise
        # Python would close it in the end too, but without the lock.
        self._end = weakref.finalize(self, _finish, self._connection, self._guard, self._process)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        except OSError as error:
            raise IndexUnavailable(f"{self.path}: {error.strerror or error}") from error
        except (OverflowError, UnicodeDecodeError) as error:
            raise CorruptIndex(f"{self.path}: {error}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._guard is None:
            yield
        else:
            with self._guard.held():
                yield

    def _connect(self, create: Callable[[], str] | None) -> sqlite3.Connection:
        if sqlite3.sqlite_version_info < _OLDEST:
            wanted = ".".join(map(str, _OLDEST))
            raise IndexUnavailable(f"SQLite {wanted} is needed, this is {sqlite3.sqlite_version}")
        if is_remote(file_system(self.path)):
            raise IndexUnavailable(
                f"{self.path}: on a network file system processes cannot share an index; "
                "put it on a local disk, or use one on a server (redis://)"
            )
        is_new = not self.path.exists() or not self.path.stat().st_size
        if is_new and create is None:
            raise IndexUnavailable(
                f"{self.path}: there is no index; `dedup index create` makes one"
            )
        mode = "ro" if self.read_only else "rwc" if is_new else "rw"
        connection = self._opened(mode)
        try:
            self._set_up(connection)
            if create is not None and _is_empty(connection):
                self._create(connection, create())
            if not self.read_only:
                _raise_format(connection)
            check_schema(connection, self.path)
            if not self.read_only:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute(f"PRAGMA synchronous={'FULL' if self._durable else 'NORMAL'}")
                connection.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _opened(self, mode: str) -> sqlite3.Connection:
        name = quote(str(self.path.absolute()))
        if mode == "ro" and not _log_of(self.path) and not os.access(self.path.parent, os.W_OK):
            mode = "ro&immutable=1"  # nobody writes here, so no file beside the index is needed
        return sqlite3.connect(
            f"file:{name}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=_WAIT_MS / 1000,
            cached_statements=256,
        )

    def _set_up(self, connection: sqlite3.Connection) -> None:
        connection.text_factory = str
        for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        if sys.version_info >= (3, 12):
            connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        if self.read_only:
            connection.execute("PRAGMA query_only=ON")

    def _create(self, connection: sqlite3.Connection, settings: str) -> None:
        connection.execute("PRAGMA page_size=4096")
        # The mark is in the file as soon as anything is: others look at it without the lock.
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        for sql in SCHEMA.values():
            connection.execute(sql)
        seal = sealed(settings.encode())
        connection.execute("INSERT INTO settings VALUES (1, ?, ?)", (seal, settings))
        connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection on which everything is as it is now, until the end of the block."""
        with self._held() as connection, self._errors():
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                with suppress(sqlite3.Error):
                    connection.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for a transaction that is kept as a whole, or not at all."""
        if self.read_only:
            raise IndexUnavailable(f"{self.path}: the index is open for reading only")
        with self._held() as connection, self._errors(), self._alone():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self.forgotten = True
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """Give a connection outside of any transaction, while nobody else writes."""
        with self._held() as connection, self._errors(), self._alone():
            yield connection

    @contextmanager
    def copying(self) -> Iterator[sqlite3.Connection]:
        """Give a connection to copy from; a failure counts as one of the copy."""
        with self._held() as connection, self._errors():
            yield connection

    @contextmanager
    def _held(self) -> Iterator[sqlite3.Connection]:
        if os.getpid() != self._process:
            _left_behind.append(self._connection)
            self._begin()
        with self.lock:
            if self._closed:
                raise IndexUnavailable(f"{self.path}: the index is closed")
            yield self._connection

    def close(self) -> None:
        """Close the file; the last to do so leaves no log behind."""
        if os.getpid() != self._process:
            _left_behind.append(self._connection)
            self._closed = True
            return
        with self.lock:
            if self._closed:
                return
            self._closed = True
            self._end.detach()
            with self._errors(), self._alone():
                self._connection.close()
            if self._guard is not None:
                self._guard.close()


def _finish(connection: sqlite3.Connection, guard: FileLock | None, process: int) -> None:
    """Close a connection that nobody closed."""
    if os.getpid() == process:
        with suppress(sqlite3.Error, OSError), nullcontext() if guard is None else guard.held():
            connection.close()


def _log_of(path: Path) -> int:
    """Return how long the log of an index is."""
    try:
        return Path(f"{path}-wal").stat().st_size
    except OSError:
        return 0


def _is_empty(connection: sqlite3.Connection) -> bool:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not tables


def _raise_format(connection: sqlite3.Connection) -> None:
    """Give an index of the first format the tables it lacks, and change nothing else."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master").fetchall()
    if dict(rows) == FIRST_SCHEMA and len(rows) == len(FIRST_SCHEMA):
        connection.execute("BEGIN IMMEDIATE")
        for name in ADDED:
            connection.execute(SCHEMA[name])
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        connection.execute("COMMIT")


def check_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Raise ``CorruptIndex`` for a file that is no index, or more than one."""
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    if found != APPLICATION_ID:
        raise CorruptIndex(f"{path} is not a dedup index")
    rows = connection.execute("SELECT name, sql FROM sqlite_master").fetchall()
    known = (SCHEMA, FIRST_SCHEMA, {**SCHEMA, **STORY_SCHEMA})
    if dict(rows) not in known or len(rows) != len(dict(rows)):
        raise CorruptIndex(f"{path}: the tables are not those of an index")


def any_of(count: int) -> str:
    """Return the placeholders for ``count`` values.

    >>> any_of(3)
    '(?,?,?)'
    """
    return f"({','.join('?' * count)})"


def among(values: Sequence[int]) -> tuple[str, list[int]]:
    """Return placeholders for some values, and the values, the last one as often as it takes.

    There are so few lengths of such lists that the statements with them stay prepared.

    >>> among([7, 8, 9])
    ('(?,?,?,?)', [7, 8, 9, 9])
    """
    count = len(values)
    room = 1 << max(count - 1, 0).bit_length() if count <= _STEP else -(-count // _STEP) * _STEP
    return any_of(room), [*values, *([values[-1]] * (room - count))]


def connection_facts() -> dict[str, Any]:
    """Return what is worth knowing of SQLite itself."""
    return {"sqlite": sqlite3.sqlite_version}

"""Inputs behind a URL, by way of fsspec (extra ``remote``), imported on first use.

Nothing of a URL that may be secret is shown: neither a password nor what follows a ``?``.
"""

from __future__ import annotations

import glob
import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from dedup.core.package import install
from dedup.errors import InputError

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.I)  # of two letters or more: C:// is a drive
_SECRET = re.compile(r"(?<=//)[^/\s]*@|\?[^\s'\")]*")  # in what a file system says of a URL
_WEB = ("http", "https")
_BUFFER = 1 << 20


class Found(NamedTuple):
    """One file behind a URL: what opens it, and where it stands below the folder given, if any."""

    url: str
    below: str | None = None


def is_url(path: str) -> bool:
    """Tell whether ``path`` is a URL.

    >>> is_url("s3://bucket/news.jsonl"), is_url("C://news.jsonl"), is_url("news/a.jsonl")
    (True, False, False)
    """
    return _SCHEME.match(path) is not None


def shown(url: str) -> str:
    """Return ``url`` without what may be secret.

    >>> shown("https://me:secret@host.org/news.jsonl?signature=abc")
    'https://host.org/news.jsonl'
    """
    if not is_url(url):
        return url
    if not _is_web(url):
        scheme, _, rest = url.partition("://")
        place, slash, name = rest.partition("/")
        return f"{scheme}://{place.rpartition('@')[2]}{slash}{name}"
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def find(url: str) -> list[Found]:
    """Return the file behind ``url``, all files below a folder, or all that match a pattern.

    In order of their names; a web address is one file unless there is a ``*`` in it. Raises
    ``InputError`` where nothing is there or the place cannot be reached.
    """
    system, path = _system(url)
    try:
        if _is_pattern(url):
            matches = sorted(system.glob(path))
            found = [
                Found(system.unstrip_protocol(each)) for each in matches if system.isfile(each)
            ]
        elif _is_web(url) or system.info(path)["type"] != "directory":
            system.info(path)
            found = [Found(url)]
        else:
            return list(_below(system, path))
    except Exception as error:  # each file system has errors of its own
        raise _input_error(error, url) from error
    if not found:
        raise InputError("no file matches", path=shown(url))
    return found


def open_url(url: str) -> BinaryIO:
    """Open a remote file; what goes wrong there is an ``OSError``.

    A server that gives no parts of a file is read from the beginning on.
    """
    system, path = _system(url)
    try:
        in_parts = not _is_web(url) or bool(system.info(path).get("partial"))
        file = system.open(path, "rb", **({} if in_parts else {"block_size": 0}))
    except Exception as error:
        raise OSError(_said(error)) from error
    return io.BufferedReader(_Raw(file, in_parts), _BUFFER)


def size_of(url: str) -> int:
    """Return the size of a remote file in bytes, 0 where it is not known."""
    system, path = _system(url)
    try:
        return int(system.info(path).get("size") or 0)
    except Exception:
        return 0  # it is asked for to show progress; reading will say what is wrong


def state_of(url: str) -> list[Any]:
    """Return what changes when a remote file does: its size, and its mark or time if known."""
    system, path = _system(url)
    try:
        metadata = system.info(path)
    except Exception as error:
        raise _input_error(error, url) from error
    marks = (metadata.get(name) for name in ("ETag", "etag", "LastModified", "mtime", "created"))
    return [metadata.get("size"), next((str(each) for each in marks if each), None)]


class _Raw(io.RawIOBase):
    """A file of fsspec as one of Python, with one kind of error."""

    def __init__(self, file: Any, in_parts: bool) -> None:
        self._file, self._in_parts = file, in_parts

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._in_parts and bool(self._file.seekable())

    def readinto(self, buffer: Any) -> int:
        data = self._told(self._file.read, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._told(self._file.seek, offset, whence))

    def tell(self) -> int:
        return int(self._told(self._file.tell))

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _told(self, action: Any, *given: Any) -> Any:
        try:
            return action(*given)
        except Exception as error:
            raise OSError(_said(error)) from error


def _input_error(error: BaseException, url: str) -> InputError:
    cause = error.__cause__ or error  # a server that does not answer is called a missing file
    if isinstance(cause, FileNotFoundError) or getattr(cause, "status", 0) == 404:
        return InputError("no such file or folder", path=shown(url))
    return InputError(f"cannot be reached: {_said(cause)}", path=shown(url))


def _said(error: BaseException) -> str:
    return _SECRET.sub("", str(error)) or type(error).__name__


def _is_web(url: str) -> bool:
    return url.split(":", 1)[0].lower() in _WEB


def _is_pattern(url: str) -> bool:
    # A ``?`` begins the query of a web address.
    return "*" in url if _is_web(url) else glob.has_magic(url)


def _below(system: Any, root: str) -> Iterator[Found]:
    """Yield the files below a folder, without hidden ones."""
    top = root.rstrip("/") + "/"
    for path in sorted(system.find(root)):
        below = path.removeprefix(top)
        if not any(part.startswith(".") for part in below.split("/")):
            yield Found(system.unstrip_protocol(path), below)


def _web_options() -> dict[str, Any]:
    """Let a reading take longer than aiohttp's five minutes, so long as bytes come."""
    import aiohttp

    return {"timeout": aiohttp.ClientTimeout(total=None, sock_connect=60, sock_read=300)}


def _system(url: str) -> tuple[Any, str]:
    """Return the file system a URL names, and the path there."""
    try:
        from fsspec.core import url_to_fs

        given = {"client_kwargs": _web_options()} if _is_web(url) else {}
    except ImportError as error:
        raise InputError(
            f"reading from a URL needs fsspec ({error}): {install('remote')}",
            path=shown(url),
        ) from error
    try:
        system, path = url_to_fs(url, **given)
    except ImportError as error:  # such as s3fs for s3://
        raise InputError(f"one package more is needed: {error}", path=shown(url)) from error
    except Exception as error:
        raise _input_error(error, url) from error
    return system, path

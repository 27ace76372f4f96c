"""The way to a Redis or Valkey server: its URL, its scripts, and what goes wrong on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dedup.errors import ConfigError, IndexUnavailable
from dedup.index.comparing import EQUAL
from dedup.index.entries import stored_relation
from dedup.index.settings import Settings
from dedup.index.store import BUCKET, CANDIDATES
from dedup.similarity.relations import NAMES, NEAR_DUPLICATE

SCRIPTS = ("insert", "commit", "buckets", "mend", "day")
SLOTS = 1 << 16  # strings that postings are spread over; the first two bytes of a key say which
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_OTHER_SCHEMES = {"valkey": "redis", "valkeys": "rediss"}
_FOLDER = Path(__file__).with_name("lua")
_WAIT = {"socket_connect_timeout": 5, "socket_timeout": 30, "health_check_interval": 15}


class Server:
    """Call one index on a server; safe across threads and, since a pool knows its process, forks.

    Nothing is sent twice: after a lost connection nobody knows what was done, and an article that
    is offered again is told ``same``.
    """

    def __init__(self, url: str) -> None:
        plain, name = _split(url)
        self.key = f"dedup:{{{name}}}"
        self.shown = _without_secrets(plain, name)
        try:
            self.client: Any = redis.Redis.from_url(
                plain, **_WAIT, retry=Retry(NoBackoff(), 0), decode_responses=False
            )
        except (ValueError, TypeError) as error:
            raise ConfigError("index", self.shown, f"the URL of a server ({error})") from None
        self._scripts: dict[str, Any] = {}

    def refuse_forgetful(self) -> None:
        """Raise ``IndexUnavailable`` where the server may drop keys when its memory is full."""
        with self.calling():
            policy = self.client.info("memory").get("maxmemory_policy", "noeviction")
        if policy != "noeviction":
            raise IndexUnavailable(
                f"{self.shown}: the server forgets keys when its memory is full: maxmemory-policy "
                f"is {policy}, allowed is noeviction"
            )

    def refuse_lazy(self) -> None:
        """Raise ``IndexUnavailable`` where an addition may be lost by a power cut."""
        with self.calling():
            found = {
                **self.client.config_get("appendonly"),
                **self.client.config_get("appendfsync"),
            }
        if (found.get("appendonly"), found.get("appendfsync")) != ("yes", "always"):
            raise IndexUnavailable(
                f"{self.shown}: durable needs appendonly yes and appendfsync always, the server "
                f"has {found.get('appendonly')} and {found.get('appendfsync')}"
            )

    def take_settings(self, create: Callable[[], Settings] | None, must_be_new: bool) -> Settings:
        """Return the settings of the index, which is made if there is none."""
        with self.calling():
            if create is not None:
                made = self.client.set(self.key, create().to_json(), nx=True)
                if must_be_new and not made:
                    raise IndexUnavailable(f"{self.shown}: there is something already")
            found = self.client.get(self.key)
        if found is None:
            raise IndexUnavailable(f"{self.shown}: there is no index")
        settings = Settings.from_json(found.decode("utf-8", "replace"))
        head = _constants(settings, found.decode())
        self._scripts = {name: self.client.register_script(head + _text(name)) for name in SCRIPTS}
        return settings

    def run(self, name: str, arguments: Sequence[Any]) -> Any:
        """Run a script: one step for everybody else. It is sent again where it was forgotten."""
        with self.calling():
            return self._scripts[name](keys=[self.key], args=arguments)

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Turn what goes wrong on the way or over there into ``IndexUnavailable``."""
        if self.client is None:
            raise IndexUnavailable(f"{self.shown}: the index is closed")
        try:
            yield
        except redis.exceptions.RedisError as error:
            said = str(error).removeprefix("DEDUPGONE ").removeprefix("DEDUPFULL ")
            raise IndexUnavailable(f"{self.shown}: {said}") from error
        except OSError as error:
            raise IndexUnavailable(f"{self.shown}: {error}") from error

    def close(self) -> None:
        """Let go of all connections."""
        if self.client is not None:
            self.client.close()
            self.client.connection_pool.disconnect()
            self.client = None


def _split(url: str) -> tuple[str, str]:
    """Return a URL without the name of the index, and that."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query)
    name = dict(query).get("name", "index")
    if not _NAME.fullmatch(name):
        raise ConfigError("name", name, "up to 64 letters, digits and . _ - in the URL of an index")
    kept = urlencode([(key, value) for key, value in query if key != "name"])
    scheme = _OTHER_SCHEMES.get(parts.scheme, parts.scheme)
    return f"{scheme}://{parts.netloc}{parts.path}{'?' * bool(kept)}{kept}", name


def _without_secrets(url: str, name: str) -> str:
    """Return what may be shown of a URL."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{place}{parts.path}?name={name}"


@cache
def _text(name: str) -> str:
    """Return the text of a script, what it shares with others first."""
    return "".join((_FOLDER / f"{each}.lua").read_text("utf-8") for each in ("common", name))


def _constants(settings: Settings, stored: str) -> str:
    """Return what the scripts know of an index, as Lua."""
    near = NAMES[NEAR_DUPLICATE]
    numbers = {
        "P": settings.num_perm,
        "SIZE": settings.shingle_size,
        "THRESHOLD": settings.threshold,
        "REMOVABLE": settings.removable,
        "WINDOW": settings.window,
        "ACROSS": settings.scope == "across",
        "WITHIN": settings.scope == "within",
        "TEXTS": settings.store_text,
        "EXACT": _code(EQUAL.relation, settings),
        "NEAR": _code(near, settings),
        "BUCKET": BUCKET,
        "CANDIDATES": CANDIDATES,
    }
    lines = [f"local {name} = {str(value).lower()}" for name, value in numbers.items()]
    return "\n".join([f"local SETTINGS = [==[{stored}]==]", *lines, ""])


def _code(relation: str, settings: Settings) -> int | bool:
    """Return the number that a relation has in a packed verdict, ``False`` where it is unused."""
    return relation in settings.cluster_on and stored_relation(relation)

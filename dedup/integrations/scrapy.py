"""An item pipeline for Scrapy that tells of each article whether it was seen before.

One line enables it: ``ADDONS = {"dedup.integrations.scrapy.DedupAddon": 500}``, and one says where
the index is: ``DEDUP_INDEX = "news.index"`` (or ``redis://…``).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any, TypeVar

from itemadapter import ItemAdapter
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem, NotConfigured
from scrapy.settings import BaseSettings
from scrapy.utils.defer import deferred_from_coro
from twisted.internet.threads import deferToThread

from dedup.config import Config
from dedup.errors import ConfigError, CorruptIndex, DedupError, IndexMismatch, InputError
from dedup.index import Index, Verdict
from dedup.integrations.verdicts import cleaned, plain, recognised

ACTIONS = ("annotate", "drop")
DROPPABLE = ("duplicate", "same", "updated")
PRIORITY = 800  # behind what cleans items, before what stores them
ON_ERROR = ("stop", "continue")
SETTINGS = (
    *("DEDUP_INDEX", "DEDUP_ACTION", "DEDUP_DROP", "DEDUP_FIELD", "DEDUP_CLEAN_FIELD"),
    *("DEDUP_TEXT_FIELD", "DEDUP_ID_FIELD", "DEDUP_DATE_FIELD", "DEDUP_URL_FIELD"),
    *("DEDUP_SITE_FIELD", "DEDUP_WINDOW", "DEDUP_SCOPE", "DEDUP_STORE_TEXT", "DEDUP_CLEAN"),
    *("DEDUP_PASSAGES", "DEDUP_CONFIG", "DEDUP_ON_ERROR"),
)
_FIELDS = ("text", "id", "date", "url", "site")
_PROBE = 100  # items, of which one must have a text

Result = TypeVar("Result")
log = logging.getLogger(__name__)


class NearDuplicate(DropItem):  # type: ignore[misc, unused-ignore]
    """Drop an item that is a copy of one that was seen; ``verdict`` says of which."""

    def __init__(self, name: str, verdict: Verdict) -> None:
        self.verdict = verdict
        of = f" of {verdict.duplicate_of}" if verdict.duplicate_of else ""
        super().__init__(f"{name}: {verdict.verdict}{of}", log_level="DEBUG")


class DedupAddon:
    """Put the pipeline into a project: the one line of ``ADDONS``."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Add the pipeline, unless the project has it already."""
        settings.setdefault_in_component_priority_dict("ITEM_PIPELINES", DedupPipeline, PRIORITY)


@dataclass(frozen=True, slots=True)
class Options:
    """The settings ``DEDUP_…`` of a crawl, checked."""

    index: str
    action: str
    drop: tuple[str, ...]
    field: str
    clean_field: str
    goes_on: bool  # whatever is wrong at the start
    fields: dict[str, str]
    open: dict[str, Any]

    @classmethod
    def of(cls, settings: BaseSettings) -> Options:
        """Read the settings; raise ``ConfigError`` for what they cannot be."""
        _refuse_unknown(settings)
        action = _one_of(settings, "DEDUP_ACTION", ACTIONS)
        on_error = _one_of(settings, "DEDUP_ON_ERROR", ON_ERROR)
        drop = tuple(settings.getlist("DEDUP_DROP", [DROPPABLE[0]]))
        for each in drop:
            if each not in DROPPABLE:
                raise ConfigError("DEDUP_DROP", each, f"some of {', '.join(DROPPABLE)}")
        named = {what: settings.get(f"DEDUP_{what.upper()}_FIELD") for what in _FIELDS}
        asked = settings.getdict("DEDUP_CONFIG")
        try:
            config = Config(**asked) if asked else None
        except TypeError as error:
            raise ConfigError(
                "DEDUP_CONFIG", asked, f"settings of dedup.Config ({error})"
            ) from None
        kept = ("store_text", "clean", "passages")
        return cls(
            index=settings["DEDUP_INDEX"],
            action=action,
            drop=drop,
            field=settings.get("DEDUP_FIELD", "dedup"),
            clean_field=settings.get("DEDUP_CLEAN_FIELD", "clean"),
            goes_on=on_error == "continue",
            fields={what: name for what, name in named.items() if name},
            open={
                "config": config,
                "window": settings.get("DEDUP_WINDOW"),
                "scope": settings.get("DEDUP_SCOPE"),
                **{name: _flag(settings, f"DEDUP_{name.upper()}") for name in kept},
            },
        )


def _refuse_unknown(settings: BaseSettings) -> None:
    """Raise ``ConfigError`` for a setting of ours that is none."""
    for name in settings:
        if str(name).startswith("DEDUP_") and name not in SETTINGS:
            near = get_close_matches(str(name), SETTINGS, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            allowed = f"one of {', '.join(SETTINGS)}"
            raise ConfigError(str(name), settings[name], allowed, f"{{name}} is no setting{hint}")


def _one_of(settings: BaseSettings, name: str, allowed: tuple[str, ...]) -> str:
    value: str = settings.get(name, allowed[0])
    if value not in allowed:
        raise ConfigError(name, value, f"one of {', '.join(allowed)}")
    return value


def _flag(settings: BaseSettings, name: str) -> bool | None:
    return None if settings.get(name) is None else bool(settings.getbool(name))


class DedupPipeline:
    """Annotate items with what the index says of them, or drop copies.

    An item is dropped only for being a copy. Where the index cannot be asked, the item goes on with
    the reason in place of a verdict, and that is logged once and counted (``dedup/error/…``). What
    is wrong at the start closes the spider: a setting that is none or does not fit the index, an
    index that cannot be opened, a missing extra, and items of which the first hundred have no text,
    or no id. With ``DEDUP_ON_ERROR = "continue"`` the crawl goes on instead.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler: Any = crawler
        self._settings = crawler.settings
        self._stats: Any = crawler.stats
        self._index: Index | None = None
        self._fields: dict[str, str] | None = None
        self._said: set[str] = set()
        self._asked = False  # about any item
        self._lacking: Counter[str] = Counter()  # items without a text, or without an id
        # One thread: what is asked first is answered first, and the reactor never waits.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dedup")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> DedupPipeline:
        """Make the pipeline of a crawl; without ``DEDUP_INDEX`` there is none."""
        if not crawler.settings.get("DEDUP_INDEX"):
            raise NotConfigured("dedup: DEDUP_INDEX is not set; it is a path or redis://…")
        return cls(crawler)

    async def open_spider(self) -> None:
        """Open the index; raise ``CloseSpider`` where the crawl could never use it."""
        try:
            self._options = Options.of(self._settings)
            await self._aside(self._opened)
        except (ConfigError, IndexMismatch, CorruptIndex) as error:
            raise self._stopped(error) from error
        except DedupError as error:
            if not self._options.goes_on:
                raise self._stopped(error) from error
            self._fail(error)

    def _stopped(self, error: DedupError | str) -> CloseSpider:
        """Say what is wrong, and return what closes the spider."""
        log.error("dedup: %s", error)
        return CloseSpider("dedup_index")

    async def close_spider(self) -> None:
        """Let go of the index; say so where no item could be looked up."""
        for lacking, count in self._lacking.items():
            if not self._asked and (count < _PROBE or self._options.goes_on):
                self._say_once(lacking, f"none of {count} items has {self._wanted(lacking)}")
        await self._aside(self._close)
        self._thread.shutdown(wait=False)

    def _close(self) -> None:
        if self._index is not None:
            self._index.close()

    async def process_item(self, item: Any) -> Any:
        """Return an item with its verdict, or raise ``NearDuplicate``."""
        adapter = ItemAdapter(item)
        document = self._document(adapter)
        lacking = next((what for what in ("text", "id") if not document.get(what)), None)
        if lacking:
            self._stats.inc_value(f"dedup/no_{lacking}")
            self._set(adapter, self._options.field, {"verdict": None, "reason": f"no {lacking}"})
            self._probe(lacking)
            return item
        self._asked = True
        try:
            verdict = await self._aside(partial(self._ask, document))
        except Exception as error:  # whatever it is, it must not cost an article
            self._fail(error)
            reason = f"{type(error).__name__}: {error}"
            self._set(adapter, self._options.field, {"verdict": None, "reason": reason})
            return item
        self._stats.inc_value(f"dedup/{verdict.verdict}")
        for name, count in verdict.losses().items():
            self._stats.inc_value(f"dedup/{name}", count)
        if self._options.action == "drop" and self._is_dropped(verdict):
            self._stats.inc_value("dedup/dropped")
            raise NearDuplicate(str(document["id"]), verdict)
        self._annotate(adapter, verdict, str(document["text"]))
        return item

    def _probe(self, lacking: str) -> None:
        """Close the spider where none of the first items can be looked up."""
        self._lacking[lacking] += 1
        if self._lacking[lacking] != _PROBE or self._asked or self._options.goes_on:
            return
        self._stopped(f"none of the first {_PROBE} items has {self._wanted(lacking)}")
        closing = self._crawler.engine.close_spider_async(reason="dedup_index")
        deferred_from_coro(closing).addErrback(lambda failure: log.debug("dedup: %s", failure))

    def _wanted(self, lacking: str) -> str:
        """Name what items lack, and the setting that says where it is."""
        name = self._options.fields.get(lacking)
        setting = f"DEDUP_{lacking.upper()}_FIELD"
        if name:
            return f"the field {name} ({setting})"
        return f"a field known to hold {'a text' if lacking == 'text' else 'an id'} ({setting})"

    def _is_dropped(self, verdict: Verdict) -> bool:
        """Tell whether an item is dropped; a copy that comes again is still a copy."""
        copied = "duplicate" in self._options.drop and not verdict.kept
        return copied or verdict.verdict in self._options.drop

    def _opened(self) -> Index:
        if self._index is None:
            self._index = Index.open(self._options.index, **self._options.open)
        return self._index

    def _ask(self, document: dict[str, Any]) -> Verdict:
        return self._opened().check_and_add(document)

    def _document(self, adapter: ItemAdapter) -> dict[str, Any]:
        """Return what the index has to know of an item, as far as it is there."""
        if self._fields is None:
            self._fields = self._found_fields(list(adapter.keys()))
        document = {what: adapter.get(name) for what, name in (self._fields or {}).items()}
        document.setdefault("id", document.get("url"))
        return document

    def _found_fields(self, there: list[str]) -> dict[str, str] | None:
        """Return which field is what, by the first item that has a text; it holds for the crawl."""
        found = {what: recognised(what, there) for what in _FIELDS}
        if found["url"] and "id" not in self._options.fields:
            found["id"] = found["url"]
        fields = {**{what: name for what, name in found.items() if name}, **self._options.fields}
        if "text" not in fields:
            return None
        log.info("dedup: fields %s", ", ".join(f"{a}={b}" for a, b in fields.items()))
        return fields

    def _annotate(self, adapter: ItemAdapter, verdict: Verdict, text: str) -> None:
        self._set(adapter, self._options.field, plain(verdict, text))
        clean = cleaned(verdict, text)
        if clean is not None:
            self._set(adapter, self._options.clean_field, clean)

    def _set(self, adapter: ItemAdapter, name: str, value: Any) -> None:
        """Give an item a field, if its class has one of that name."""
        try:
            adapter[name] = value
        except (KeyError, AttributeError):
            self._stats.inc_value("dedup/no_field")
            self._say_once(name, f"items have no field {name}, so they are not annotated")

    def _fail(self, error: Exception) -> None:
        self._stats.inc_value(f"dedup/error/{type(error).__name__}")
        if not isinstance(error, InputError):
            self._say_once(type(error).__name__, f"items go on without a verdict: {error}")

    def _say_once(self, what: str, message: str) -> None:
        if what not in self._said:
            self._said.add(what)
            log.error("dedup: %s", message)

    async def _aside(self, call: Callable[[], Result]) -> Result:
        """Run a call in the pipeline's thread, on whichever loop the reactor has."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            made: Result = await deferToThread(call)
            return made
        return await loop.run_in_executor(self._thread, call)

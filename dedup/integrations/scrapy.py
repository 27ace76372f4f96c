"""An item pipeline for Scrapy that tells of each article whether it was seen before.

One line enables it: ``ADDONS = {"dedup.integrations.scrapy.DedupAddon": 500}``, and one says where
the index is: ``DEDUP_INDEX = "news.index"`` (or ``redis://…``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from itemadapter import ItemAdapter
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem, NotConfigured
from scrapy.settings import BaseSettings
from twisted.internet.threads import deferToThread

from dedup.config import Config
from dedup.errors import ConfigError, CorruptIndex, DedupError, IndexMismatch, InputError
from dedup.index import Index, Verdict
from dedup.integrations.verdicts import plain, recognised

ACTIONS = ("annotate", "drop")
DROPPABLE = ("duplicate", "same", "updated")
PRIORITY = 800  # behind what cleans items, before what stores them
_FIELDS = ("text", "id", "date", "url", "site")

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
    fields: dict[str, str]
    open: dict[str, Any]

    @classmethod
    def of(cls, settings: BaseSettings) -> Options:
        """Read the settings; raise ``ConfigError`` for what they cannot be."""
        action = settings.get("DEDUP_ACTION", ACTIONS[0])
        if action not in ACTIONS:
            raise ConfigError("DEDUP_ACTION", action, f"one of {', '.join(ACTIONS)}")
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
        store_text = settings.get("DEDUP_STORE_TEXT")
        return cls(
            index=settings["DEDUP_INDEX"],
            action=action,
            drop=drop,
            field=settings.get("DEDUP_FIELD", "dedup"),
            fields={what: name for what, name in named.items() if name},
            open={
                "config": config,
                "window": settings.get("DEDUP_WINDOW"),
                "scope": settings.get("DEDUP_SCOPE"),
                "store_text": None if store_text is None else settings.getbool("DEDUP_STORE_TEXT"),
            },
        )


class DedupPipeline:
    """Annotate items with what the index says of them, or drop copies.

    An item is dropped only for being a copy. Where the index cannot be asked, the item goes on as
    it is, and that is logged once and counted (``dedup/error/…``). Settings that do not fit the
    index, and an index that is damaged, close the spider at its start.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._settings = crawler.settings
        self._stats: Any = crawler.stats
        self._index: Index | None = None
        self._fields: dict[str, str] | None = None
        self._said: set[str] = set()
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
            log.error("dedup: %s", error)
            raise CloseSpider("dedup_index") from error
        except DedupError as error:
            self._fail(error)

    async def close_spider(self) -> None:
        """Let go of the index."""
        await self._aside(self._close)
        self._thread.shutdown(wait=False)

    def _close(self) -> None:
        if self._index is not None:
            self._index.close()

    async def process_item(self, item: Any) -> Any:
        """Return an item with its verdict, or raise ``NearDuplicate``."""
        adapter = ItemAdapter(item)
        document = self._document(adapter)
        if document is None:
            return item
        try:
            verdict = await self._aside(partial(self._ask, document))
        except Exception as error:  # whatever it is, it must not cost an article
            self._fail(error)
            return item
        self._stats.inc_value(f"dedup/{verdict.verdict}")
        if self._options.action == "drop" and self._is_dropped(verdict):
            self._stats.inc_value("dedup/dropped")
            raise NearDuplicate(str(document["id"]), verdict)
        self._annotate(adapter, verdict)
        return item

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

    def _document(self, adapter: ItemAdapter) -> dict[str, Any] | None:
        """Return what the index has to know of an item; ``None`` where it has no text or no id."""
        if self._fields is None:
            self._fields = self._found_fields(list(adapter.keys()))
        document = {what: adapter.get(name) for what, name in (self._fields or {}).items()}
        document.setdefault("id", document.get("url"))
        for what in ("text", "id"):
            if not document.get(what):
                self._stats.inc_value(f"dedup/no_{what}")
                return None
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

    def _annotate(self, adapter: ItemAdapter, verdict: Verdict) -> None:
        try:
            adapter[self._options.field] = plain(verdict)
        except (KeyError, AttributeError):
            self._stats.inc_value("dedup/no_field")
            name = self._options.field
            self._say_once("field", f"items have no field {name}, so they are not annotated")

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

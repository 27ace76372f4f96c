"""A spider of one site; run as a program, with its options as JSON, it prints what it counted."""

from __future__ import annotations

import dataclasses
import json
import os
import sys

import attrs
import scrapy
from scrapy.crawler import CrawlerProcess


class Plain(scrapy.Item):
    url, text, dedup = scrapy.Field(), scrapy.Field(), scrapy.Field()


@dataclasses.dataclass
class Data:
    url: str
    text: str
    dedup: dict | None = None


@attrs.define
class Attrs:
    url: str
    text: str
    dedup: dict | None = None


@attrs.define
class Bare:
    url: str
    text: str


KINDS = {"dict": dict, "item": Plain, "data": Data, "attrs": Attrs, "bare": Bare}


class Site(scrapy.Spider):
    name = "site"

    async def start(self):
        yield scrapy.Request(self.site)

    def parse(self, response):
        for number in range(int(os.environ.get("DEDUP_TEST_PAGES", "1"))):
            for link in response.css("a::attr(href)").getall():
                yield response.follow(f"{link}?{number}" if number else link, self.article)

    def article(self, response):
        text = "\n".join(response.css("p::text").getall())
        yield KINDS[self.kind](url=response.url, text=text)


def main(options):
    settings = {
        "LOG_LEVEL": "INFO",
        "TELNETCONSOLE_ENABLED": False,
        "ADDONS": {"dedup.integrations.scrapy.DedupAddon": 500},
        "FEEDS": {options["feed"]: {"format": "jsonlines"}},
        **options["settings"],
    }
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(Site)
    process.crawl(crawler, site=options["site"], kind=options["kind"])
    process.start()
    print("STATS " + json.dumps(crawler.stats.get_stats(), default=str))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

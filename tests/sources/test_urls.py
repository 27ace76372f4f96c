"""Addresses of one page have one form, and those of two have two."""

from __future__ import annotations

import pytest

from dedup.sources.urls import canonical_url

PAGE = "https://example.org/news/bridge"


@pytest.mark.parametrize(
    "url",
    [
        PAGE,
        f"{PAGE}/",
        f" {PAGE}#comments\n",
        "http://www.example.org/news/bridge",
        "https://EXAMPLE.org:443/news/bridge?utm_source=rss&utm_medium=feed",
        "https://m.example.org/news/bridge?fbclid=IwAR0&gclid=1",
        "https://amp.example.org/news/bridge",
        "https://example.org/amp/news/bridge",
        "https://example.org/news/bridge/amp/",
        "https://example.org/news/bridge.amp",
        "https://example.org/news/bridge?amp=1",
        "https://mobile.example.org/news/bridge?outputType=amp#x",
    ],
)
def test_addresses_of_one_page(url):
    assert canonical_url(url) == PAGE


@pytest.mark.parametrize(
    "url",
    [
        f"{PAGE}?id=3",
        f"{PAGE}?page=2",
        f"{PAGE}#!/second",
        "https://example.org/news/amplifier",
        "https://example.org/news/Bridge",
        "https://m.org/news/bridge",
        "https://news.example.org/news/bridge",
        "https://example.org:8080/news/bridge",
    ],
)
def test_addresses_of_other_pages(url):
    assert canonical_url(url) not in (PAGE, None)


def test_the_order_of_parameters_makes_no_difference():
    assert canonical_url(f"{PAGE}?b=2&a=1") == canonical_url(f"{PAGE}?a=1&b=2&utm_id=9")


@pytest.mark.parametrize(
    "url", ["", "a/b", "mailto:a@b.org", "urn:uuid:1", "https://", "http://[", "https://x.org:a/b"]
)
def test_what_is_no_address_of_a_page(url):
    assert canonical_url(url) is None

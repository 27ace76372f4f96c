"""What MkDocs asks us while it builds the site: pages from outside docs/, and links that fit them.

Links in the sources are relative to where a page lies in the repository, so that they work on a
forge. A link that leaves docs/ is turned here into one to the page of the site, or to a copy of the
file. A page that would fetch anything from another host fails the build.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PROJECT = {
    "DESIGN.md": "project/design.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "benchmarks/README.md": "project/benchmarks.md",
    "benchmarks/quality/README.md": "project/quality.md",
}
COPIES = "project/files"
SOURCES = {place: source for source, place in PROJECT.items()}
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<=\]\()(?!\w+:)([^)#\s]+)")
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^\s>]*"""
    r"""|<link\b(?=[^>]*rel=["']?(?:stylesheet|preload|preconnect|icon))[^>]*href=["']?(?:https?:)?//[^\s>]*"""
)


def source_of(place: str) -> str:
    """Return the path in the repository of a page of the site."""
    return SOURCES.get(place, f"docs/{place}")


def place_of(source: str) -> str:
    """Return the place in the site of a file of the repository."""
    if source.startswith("docs/"):
        return source.removeprefix("docs/")
    return PROJECT.get(source, f"{COPIES}/{source}")


def target_of(link: str, source: str) -> str:
    """Return the path in the repository that a link in the file ``source`` leads to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), link))


def links_in(text: str) -> list[str]:
    """Return the links to files, outside code."""
    return [found[1] for found in LINK.finditer(FENCE.sub("", text))]


def relinked(text: str, place: str) -> str:
    """Return a page with links from its place in the site instead of that in the repository."""
    source = source_of(place)

    def moved(found: re.Match[str]) -> str:
        target = place_of(target_of(found[1], source))
        return posixpath.relpath(target, posixpath.dirname(place) or ".")

    parts, end = [], 0
    for fence in FENCE.finditer(text):
        parts += [LINK.sub(moved, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, LINK.sub(moved, text[end:])])


def on_config(config: Any) -> Any:
    """Give headings the anchors they have on a forge."""
    from pymdownx.slugs import slugify

    config.mdx_configs["toc"]["slugify"] = slugify(case="lower")
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of the project, and every file outside docs/ that a page links to."""
    for source, place in PROJECT.items():
        files.append(File.generated(config, place, abs_src_path=os.fspath(ROOT / source)))
    linked = set()
    for page in files.documentation_pages():
        source = source_of(page.src_uri)
        linked |= {target_of(link, source) for link in links_in(page.content_string)}
    for target in sorted(linked):
        outside = not target.startswith(("docs/", "../")) and target not in PROJECT
        if outside and target.endswith(".md"):
            raise PluginError(f"{target} is linked and no page of the site: add it to PROJECT")
        if outside and (ROOT / target).is_file():
            made = File.generated(config, place_of(target), abs_src_path=os.fspath(ROOT / target))
            files.append(made)
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn links that leave docs/ into links of the site."""
    return relinked(markdown, page.file.src_uri)


def on_post_page(output: str, page: Page, **_: Any) -> str:
    """Refuse a page that would fetch something from another host."""
    fetched = FETCHED.search(output)
    if fetched:
        raise PluginError(f"{page.file.src_uri} fetches from elsewhere: {fetched[0]}")
    return output

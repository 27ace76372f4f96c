"""Two articles, and what a scan of the command line says of its documents."""

from __future__ import annotations

import json

from commands import run

from dedup.schema import CONTRACT, FAMILY_TABLES, NAMED

ONE = (
    "The council met on Monday and agreed to mend the old stone bridge before the winter comes. "
    "Farmers in the valley say that they have waited for it since the flood of two years ago.\n"
)

OTHER = (
    "A ship ran aground near the northern cape on Tuesday night, and its crew of eleven was saved "
    "by fishermen who had seen the lights from the harbour wall.\n"
)

_MORE = ("losses", *FAMILY_TABLES, "stories", "story_members")
FILES = {f"{name}.jsonl" for name in (*CONTRACT, *NAMED, *_MORE)} | {
    *("summary.json", "inputs.json", "written.json"),
}


def scanned(*arguments, input=None):
    """Return what a scan with --json says, and the run."""
    done = run("scan", *arguments, "--json", input=input)
    return json.loads(done.bytes), done


def kept(whole):
    return {row["doc_id"]: row["kept"] for row in whole["documents"]}

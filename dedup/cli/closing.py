"""What a command says when its work is done: flaws of the input, removals to look at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dedup.cli.running import BAD_INPUT, DONE, columns, tell

if TYPE_CHECKING:
    from dedup.cli.options import Reading, Safety
    from dedup.result import Result
    from dedup.schema import ReadReport

_SAID = 3  # warnings named in one line, notes on the input in one each
_HINT = re.compile(r"is not read; |, a guess; |: not valid JSON at |the header has ")  # in notes


def is_stopped(result: Result, safety: Safety) -> bool:
    """Say on stderr what looks wrong about the removals, and tell whether the run stops there."""
    from dedup.pipeline.warnings import COMMANDS, DEFAULT, NOTES, describe, find_warnings

    limits = safety.limits()
    if limits != DEFAULT:
        result.summary["warnings"] = find_warnings(result, limits)
    found = result.summary["warnings"]
    if all(each["kind"] in NOTES for each in found):  # the view and the summary tell those
        return False
    named = "; ".join(describe(each, command=False) for each in found[:_SAID])
    shown = dict.fromkeys(COMMANDS[each["kind"]] for each in found if each["kind"] in COMMANDS)
    where = f"; see {', '.join(f'`{each}`' for each in shown)}" if shown else ""
    more = f"; and {len(found) - _SAID:,} more" if len(found) > _SAID else ""
    stops = safety.stop_on_warning
    begin = "stopped, nothing is written" if stops else "look at this before you trust the removals"
    tell(f"dedup: {begin}: {named}{more}{where}")
    return stops


def input_code(read_report: ReadReport, reading: Reading) -> int:
    """Say on stderr what was wrong with the input, and return the exit code for it."""
    if not read_report.read:
        tell(f"dedup: {'; '.join(read_report.notes) or 'no documents were found'}")
    if read_report.is_clean:
        return DONE
    counts = (
        (sum(read_report.skipped.values()), "skipped"),
        (sum(read_report.damaged.values()), "damaged but used"),
        (sum(read_report.files_failed.values()), "files not read, or not to the end"),
    )
    flaws = ", ".join(f"{count:,} {word}" for count, word in counts if count)
    places = [
        place for reason in sorted(read_report.places) for place in read_report.places[reason]
    ]
    where = f" (first: {places[0]})" if places else ""
    if reading.allow_bad:
        return DONE
    more = [each for each in read_report.notes if _HINT.search(each)] if read_report.read else []
    hints = "".join(f"; {note}" for note in more[:_SAID])
    tell(f"dedup: input with flaws: {flaws}{where}; --allow-bad makes this exit with 0{hints}")
    return BAD_INPUT


def against_lines(result: Result, index: str) -> list[str]:
    """Return what an index said of the documents, in sum."""
    from dedup.report.terminal.text import safe, wrapped

    told = result.summary["against"]
    passages = f"; {told['passages']:,} passages in common" if told["passages"] else ""
    text = (
        f"{safe(index)}: {told['new']:,} are new, {told['same']:,} are known as they "
        f"are, {told['updated']:,} with another text, {told['duplicate']:,} are copies{passages}"
    )
    if told["dropped"]:
        text += f"; {told['dropped']:,} are not kept, as they are known"
        if told["lost_tokens"] or told["lost_facts"]:
            text += f": {told['lost_tokens']:,} words, {told['lost_facts']:,} facts are lost"
    return ["", *wrapped(text, columns(), "  ", "")]

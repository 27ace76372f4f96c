"""What a command says when its work is done: flaws of the input, removals to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dedup.cli.running import BAD_INPUT, DONE, columns, tell

if TYPE_CHECKING:
    from dedup.pipeline.warnings import Limits
    from dedup.result import Result
    from dedup.schema import ReadReport

_SAID = 3  # suspicions named in one line


def is_stopped(result: Result, limits: Limits, given: dict[str, Any]) -> bool:
    """Say on stderr what looks wrong about the removals, and tell whether the run stops there."""
    from dedup.pipeline.warnings import DEFAULT, NOTES, describe, find_warnings

    if limits != DEFAULT:
        result.summary["warnings"] = find_warnings(result, limits)
    found = result.summary["warnings"]
    if not found:
        return False
    named = "; ".join(describe(each) for each in found[:_SAID])
    more = f"; and {len(found) - _SAID:,} more" if len(found) > _SAID else ""
    is_wrong = any(each["kind"] not in NOTES for each in found)
    stops: bool = given["stop_on_warning"] and is_wrong
    begin = "stopped, nothing is written" if stops else "look at this before you trust the removals"
    tell(f"dedup: {begin}: {named}{more}")
    return stops


def input_code(read_report: ReadReport, given: dict[str, Any]) -> int:
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
    if given["allow_bad"]:
        return DONE
    tell(f"dedup: input with flaws: {flaws}{where}; --allow-bad makes this exit with 0")
    return BAD_INPUT


def against_lines(result: Result, given: dict[str, Any]) -> list[str]:
    """Return what an index said of the documents, in sum."""
    from dedup.report.terminal.text import safe, wrapped

    told = result.summary["against"]
    passages = f"; {told['passages']:,} passages in common" if told["passages"] else ""
    text = (
        f"{safe(given['against'])}: {told['new']:,} are new, {told['same']:,} are known as they "
        f"are, {told['updated']:,} with another text, {told['duplicate']:,} are copies{passages}"
    )
    return ["", *wrapped(text, columns(), "  ", "")]

"""What a command says when its work is done: flaws of the input, removals to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dedup.cli.running import BAD_INPUT, DONE, columns, tell

if TYPE_CHECKING:
    from dedup.result import Result
    from dedup.scan.warnings import Limits
    from dedup.schema import Intake

_SAID = 3  # suspicions named in one line


def is_stopped(result: Result, limits: Limits, given: dict[str, Any]) -> bool:
    """Say on stderr what looks wrong about the removals, and tell whether the run stops there."""
    from dedup.scan.warnings import DEFAULT, describe, find_suspicions

    if limits != DEFAULT:
        result.summary["suspicions"] = find_suspicions(result, limits)
    found = result.summary["suspicions"]
    if not found:
        return False
    named = "; ".join(describe(each) for each in found[:_SAID])
    more = f"; and {len(found) - _SAID:,} more" if len(found) > _SAID else ""
    stops: bool = given["stop_on_suspicion"]
    begin = "stopped, nothing is written" if stops else "look at this before you trust the removals"
    tell(f"dedup: {begin}: {named}{more}")
    return stops


def input_code(intake: Intake, given: dict[str, Any]) -> int:
    """Say on stderr what was wrong with the input, and return the exit code for it."""
    if not intake.read:
        tell(f"dedup: {'; '.join(intake.notes) or 'no documents were found'}")
    if intake.is_clean:
        return DONE
    counts = (
        (sum(intake.skipped.values()), "skipped"),
        (sum(intake.damaged.values()), "damaged but used"),
        (sum(intake.files_failed.values()), "files not read, or not to the end"),
    )
    flaws = ", ".join(f"{count:,} {word}" for count, word in counts if count)
    places = [place for reason in sorted(intake.places) for place in intake.places[reason]]
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

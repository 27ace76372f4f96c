"""Articles that are alike and differ: one form, versions, text of its own, compilations, losses."""

from __future__ import annotations

from prose import UNRELATED

FORM = (
    "The weather office of the region expects a quiet {day} in the valley, with clouds in the "
    "morning and some sun in the afternoon. At noon it will be {high} degrees. A light wind blows "
    "from the west, and drivers should look out for fog on the roads near the river after dark. "
    "Walkers will find the paths in the hills dry, and the lifts are open as they are on every "
    "day of the season until the evening comes and the last of the guests are back in the village "
    "below. At night it cools down to {low} degrees, said {name} of the office. The next report "
    "will be published in the morning as always, and can be heard on the radio every hour."
)
STORY = (
    "The council of the town has agreed to mend the old bridge over the river before the winter "
    "comes, and the work is to begin as soon as the plans are ready. The mayor said that the "
    "bridge had been neglected for far too long and that people in the villages on the other "
    "side could not wait any more. A firm from the next valley will do the work, which needs "
    "stone from the old quarry and timber from the woods of the parish, and traffic is sent "
    "round by the mill until it is done. In the accident of last week {count} people were hurt "
    "when a part of the wall gave way, and all of them are in the care of the hospital by now."
)
DISCLAIMER = (
    "All figures on this page come from the offices named and are checked once a day, but "
    "nobody can say that they are right. Who relies on them does so at his own risk, and the "
    "publisher pays for no damage that comes of it. Reprints are allowed where the source is "
    "named and nothing is left out or added, and where no fee is taken from the readers. "
) * 2
COIN = "A farmer who was looking for his lost dog found an old coin under the roots of a tree."
FERRY = "Because of the strong wind the ferry to the island will stay in the harbour until noon."
LOST = "A witness said it was the loudest noise he had ever heard."


def documents():
    """Return the articles; the id of each begins with what becomes of it."""
    harbour, *others = UNRELATED
    emoji = f"Photo \N{BRIDGE AT NIGHT} of the day\n\n{harbour}"
    changed = emoji.replace(". ", f". {LOST} ", 1)
    frame = " ".join(f"In other news the {word} of the parish was sold." for word in "abcdefghij")
    return [
        {"id": "form-1", "text": FORM.format(day="Monday", high=12, low=3, name="Oda Brenn")},
        {"id": "form-2", "text": FORM.format(day="Tuesday", high=19, low=8, name="Karl Voss")},
        {"id": "version-1", "text": STORY.format(count=27), "date": "2026-03-01"},
        {"id": "version-2", "text": STORY.format(count=25), "date": "2026-03-02"},
        {"id": "own-1", "text": f"{COIN}\n\n{DISCLAIMER}"},
        {"id": "own-2", "text": f"{FERRY}\n\n{DISCLAIMER}"},
        *({"id": f"part-{k}", "text": text} for k, text in enumerate(others[:3])),
        {"id": "part-all", "text": "\n\n".join(["March", *others[:3]])},
        {"id": "loses-1", "text": f"{emoji}\n\n{frame}"},
        {"id": "loses-2", "text": changed},
    ]

"""Short articles on a few events, made up, and on none."""

from __future__ import annotations

FLOOD = [
    "Floods in Venice closed schools and the airport on Tuesday after the Adriatic rose by 160 "
    "centimetres. Mayor Rossi asked Rome for help, and the basilica of Saint Mark stood in water.",
    "The basilica of Saint Mark in Venice was under water on Tuesday. Mayor Rossi said that the "
    "Adriatic had risen by 160 centimetres, and that schools and the airport were closed.",
    "Rome will help Venice, ministers said, after the Adriatic flooded the basilica of Saint Mark "
    "and mayor Rossi closed schools. The airport was shut as water rose by 160 centimetres.",
]
STRIKE = [
    "Train drivers of the union Aslef began a strike of three days in Leeds and Manchester. "
    "Northern Rail cancelled most services and blamed the pay claim of 12 percent.",
    "Northern Rail ran few trains in Manchester and Leeds as drivers of Aslef stopped work for "
    "three days. The union wants 12 percent more pay; most services were cancelled.",
]
OTHERS = [
    "A bakery in Porto won the national prize for custard tarts; its owner Teresa Lima thanked her "
    "grandmother, who had left her the recipe and the copper pans in which she still bakes today. "
    "The jury tasted forty pastries blindfolded, praised crust and cinnamon, and paid a cheque.",
    "Astronomers in Chile measured the oldest galaxy so far with a spectrograph. Light had left "
    "it thirteen billion years ago, and the instrument took four nights to collect enough photons. "
    "Its redshift surprised theorists, who expected fewer heavy elements so early.",
    "The museum of clocks in Besançon opens again after restoration; a wooden mechanism from 1520 "
    "runs in its hall, and visitors may wind it by hand on every first Sunday of the month. "
    "Craftsmen forged missing gears after drawings that a librarian discovered behind a cupboard.",
]


def documents():
    """Return all articles, with ids by event."""
    named = {"flood": FLOOD, "strike": STRIKE, "other": OTHERS}
    return [
        {"id": f"{name} {k}", "text": text}
        for name, texts in named.items()
        for k, text in enumerate(texts)
    ]

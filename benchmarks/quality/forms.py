"""Make reports written on forms, copies of them and updates: what must stay, what may go.

    python benchmarks/quality/forms.py --out FOLDER

writes ``forms.jsonl`` (id, cluster, kind, text): of each form of ``forms.txt`` some reports, in
which everything in braces is drawn anew, so that each is about another event. ``--file
forms_long.txt`` takes longer forms. With ``--with copies`` each report comes with a copy (framed,
cut or misspelt, in turn), with ``--with updates`` with a version in which one figure is another.
``cluster`` is the report. Same seed, same bytes.
"""

# ruff: noqa: E501 - lists of words
from __future__ import annotations

import argparse
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SLOT = re.compile(r"\{(\w)\}")
PER_FORM = 5
FRAMES = {
    "en": (
        "Local news in brief, updated every hour.",
        "Read the rules for comments before you write to us.",
    ),
    "de": ("Kurz gemeldet aus der Region.", "Lesen Sie die Regeln, bevor Sie uns schreiben."),
    "fr": ("Les brèves de la région.", "Lisez les règles avant de nous écrire."),
    "es": ("Noticias breves de la región.", "Lea las normas antes de escribirnos."),
    "ar": ("أخبار قصيرة من المنطقة.", "اقرأ القواعد قبل أن تكتب إلينا."),
}
WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi",
    "es": "lunes martes miércoles jueves viernes sábado",
    "ar": "الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت",
}
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
}
DATES = {"en": "{} {}", "de": "{}. {}", "fr": "{} {}", "es": "{} de {}", "ar": "{} {}"}
GIVEN = {
    "en": "Amy Ben Carl Dora Ella Finn Grace Hugh Ivy Jack Kate Liam Mary Noel Olive Paul Rose Sam Tess Will",
    "de": "Anna Bernd Clara Dirk Elke Franz Gerda Hans Ida Jens Karin Lutz Maria Nils Olga Peter Rosa Sven Ute Werner",
    "fr": "Alice Bruno Chloé Denis Élise Fabien Gisèle Henri Inès Julien Karine Luc Manon Nadia Odile Pierre Rémi Sophie Théo Yves",
    "es": "Ana Bruno Carmen Diego Elena Félix Gloria Hugo Inés Jorge Laura Luis Marta Nuria Óscar Pablo Rosa Sergio Teresa Víctor",
    "ar": "أحمد بسام جمال حسن خالد رامي زياد سمير شادي طارق عادل فادي كريم ليلى منى نادر هدى وسام ياسر يوسف",
}
SOUNDS = "ba be bor da den dor fa fen gar hal hol ka kel lan lor mar mel nor pel ran ros sel tan tor val wen".split()
ENDS = "berg by dale field ford ham stadt ton ville wick".split()
ARABIC = "با دا رو سا شم طل عر فا قد كر لم ما نو ها وا يا".split()
FIRMS = {
    "en": "Works Group Foods Lines",
    "de": "Werke Gruppe Handel Technik",
    "fr": "Frères Industries Groupe Services",
    "es": "Hermanos Industrias Grupo Servicios",
    "ar": "القابضة المتحدة للتجارة للصناعة",
}


@dataclass
class Drawer:
    """Draw what fills the slots of a form in one language."""

    language: str
    random: random.Random

    def word(self, ends: list[str]) -> str:
        """Return a name that is hardly drawn twice."""
        if self.language == "ar":
            return "ال" + "".join(self.random.sample(ARABIC, 3))
        return ("".join(self.random.sample(SOUNDS, 2)) + self.random.choice(ends)).capitalize()

    def value(self, slot: str) -> str:
        """Return what fills a slot."""
        draw = self.random
        if slot in "nmk":
            return str(draw.randint(2, 98))
        if slot in "xy":
            return str(draw.randint(101, 9899))
        if slot == "t":
            return f"{draw.randint(0, 23)}:{draw.randint(0, 59):02d}"
        if slot == "w":
            return draw.choice(WEEKDAYS[self.language].split())
        if slot == "d":
            month = draw.choice(MONTHS[self.language].split())
            return DATES[self.language].format(draw.randint(1, 28), month)
        if slot in "pq":
            return self.word(ENDS)
        if slot in "ab":
            return (
                f"{draw.choice(GIVEN[self.language].split())} {self.word(['', 'er', 'ov', 'as'])}"
            )
        return f"{self.word(['a', 'ex', 'um'])} {draw.choice(FIRMS[self.language].split())}"

    def fill(self, form: str) -> str:
        """Return a report: each slot of one name is filled alike."""
        values: dict[str, str] = {}
        text = SLOT.sub(lambda m: values.setdefault(m[1], self.value(m[1])), form)
        return text[0].upper() + text[1:]


def copied(text: str, how: int, language: str, draw: random.Random) -> str:
    """Return a copy: in a frame, without its end, or with misspelt words."""
    if how == 0:
        return "\n".join((FRAMES[language][0], text, FRAMES[language][1]))
    words = text.split(" ")
    if how == 1:
        return " ".join(words[: int(len(words) * 0.85)])
    long = [k for k, word in enumerate(words) if len(word) > 5 and word.isalpha()]
    for k in draw.sample(long, min(2, len(long))):
        place = draw.randint(1, len(words[k]) - 3)
        word = words[k]
        words[k] = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return " ".join(words)


def updated(text: str, draw: random.Random) -> str:
    """Return the text with one number changed."""
    numbers = list(re.finditer(r"(?<![\d:])\d+(?![\d:])", text))
    one = draw.choice(numbers)
    return f"{text[: one.start()]}{int(one[0]) + draw.randint(2, 9)}{text[one.end() :]}"


def make(
    file: Path, per_form: int = PER_FORM, extra: str = "", seed: int = 1
) -> list[dict[str, Any]]:
    """Return reports on the forms of a file; ``extra`` is nothing, ``copies`` or ``updates``."""
    made = []
    for number, line in enumerate(file.read_text("utf-8").splitlines()):
        if line.startswith("#"):
            continue
        language, kind, form = line.split("|")
        for k in range(per_form):
            draw = random.Random(f"{seed}/{language}/{kind}/{k}")
            text = Drawer(language, draw).fill(form)
            name = f"{language}-{kind}-{k}"
            texts = {"": text}
            if extra == "copies":
                texts["-copy"] = copied(text, (number + k) % 3, language, draw)
            if extra == "updates":
                texts["-update"] = updated(text, draw)
            made += [
                {"id": name + end, "cluster": name, "kind": kind, "text": each}
                for end, each in texts.items()
            ]
    return made


def main() -> int:
    """Write the reports and say how many they are."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--file", type=Path, default=HERE / "forms.txt")
    parser.add_argument("--reports", type=int, default=PER_FORM, help="of each form")
    parser.add_argument("--with", dest="extra", choices=("copies", "updates"), default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    options = parser.parse_args()
    rows = make(options.file, options.reports, options.extra, options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (options.out / "forms.jsonl").write_text("".join(lines), encoding="utf-8")
    print(f"{len(rows):,} documents in {options.out / 'forms.jsonl'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

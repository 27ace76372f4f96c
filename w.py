import sys; sys.path.insert(0,"tests")
import re
from test_words import *
for p in SOURCES:
    src=p.read_text()
    for n,l in enumerate(src.splitlines(),1):
        for m in WORDS.finditer(l): print(f"{named(p)}:{n}: {l.strip()[:150]}")
for p in PAGES:
    if named(p) in HISTORY: continue
    for n,l in enumerate(prose_of(p.read_text()).splitlines(),1):
        for m in WORDS.finditer(l): print(f"{named(p)}:{n}: {l.strip()[:150]}")

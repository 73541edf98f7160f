"""Every hostile or broken file that is made here, and what is to come of each."""

from . import corpus_active, corpus_bombs, corpus_broken, corpus_images
from .cases import CASES, Case

SOURCES = (corpus_active, corpus_broken, corpus_bombs, corpus_images)
CORPUS: dict[str, Case] = {case.name: case for case in CASES}

if len(CORPUS) != len(CASES):
    raise ValueError("two cases of one name")

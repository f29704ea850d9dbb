"""
Decide what a search asks for: words, codes and languages as they are compared, and parts of the earth.

Nothing here measures nearness; `services.geo` does.
"""

from services.directory.search.areas import Area, BoxArea, Circle, Polygon
from services.directory.search.boxes import Box, boxes_around
from services.directory.search.conditions import Conditions
from services.directory.search.terms import asked_code, asked_words, codes_of, languages_of, sort_name, words_of

__all__ = [
    "Area",
    "Box",
    "BoxArea",
    "Circle",
    "Conditions",
    "Polygon",
    "asked_code",
    "asked_words",
    "boxes_around",
    "codes_of",
    "languages_of",
    "sort_name",
    "words_of",
]

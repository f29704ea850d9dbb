"""Writes the tables beside the map as CSV, for spreadsheets that would run what looks like a formula."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from services.errors import NotFound
from services.maps.filters import View
from services.maps.layers import area_rows, group_rows, referral_rows
from services.maps.model import Part, Picture
from services.maps.words import say

TABLES: Mapping[str, Part] = {
    "services": Part.PROVIDERS,
    "areas": Part.AREAS,
    "referrals": Part.REFERRALS,
}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_BYTE_ORDER_MARK = "\ufeff"  # without it spreadsheets take UTF-8 for something else


def table_csv(name: str, picture: Picture, view: View, names: Mapping[str, str]) -> str:
    """
    Write one table.

    Raises:
        NotFound: There is no table of this name.
    """
    language = view.language
    rows: Iterable[Sequence[object]]
    if name == "services":
        head = ["group", "providers", "with_free", "free_count"]
        rows = [
            (each.label, each.provider_count, each.with_free_count, each.free_places)
            for each in group_rows(picture, language, view.filters.group)
        ]
    elif name == "areas":
        head = ["area", "confidential_sites"]
        rows = [(f"{each.name} ({each.h3_cell})", each.provider_count) for each in area_rows(picture, names)]
    elif name == "referrals":
        head = ["area", "group", "offers", "accepted"]
        rows = [
            (
                f"{each.name} ({each.h3_cell})",
                each.label,
                each.offer_count,
                say(language, "below_least") if each.accepted_count is None else each.accepted_count,
            )
            for each in referral_rows(picture, names, language)
        ]
    else:
        raise NotFound("there is no table of this name")
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow([safe_cell(say(language, key)) for key in head])
    writer.writerows([safe_cell(str(value)) for value in row] for row in rows)
    return _BYTE_ORDER_MARK + out.getvalue()


def safe_cell(text: str) -> str:
    """Keep a spreadsheet from running a cell: an apostrophe before anything that begins like a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text

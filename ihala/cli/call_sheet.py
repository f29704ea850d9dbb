"""
The call sheet: who can be rung, by area and service, on paper, for the day when nothing else works.

Gates, not houses: no address and no coordinate is on it. A confidential site is on it
only if the caller may see it and asks for it, by its alias and the town of its gate.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final

from ihala.cli.output import first_text
from ihala.records import Hours, PlaceReport, Provider
from services.taxonomy import services

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "Call sheet",
        "printed": "Printed",
        "elsewhere": "Area not known",
        "head": "Name|Telephone|Hours|Places",
        "secret": "Confidential: keep this sheet with you, and burn old ones.",
        "gate": "gate",
        "free": "free",
    },
    "fr": {
        "title": "Fiche d'appel",
        "printed": "Imprimée",
        "elsewhere": "Zone inconnue",
        "head": "Nom|Téléphone|Heures|Places",
        "secret": "Confidentiel : gardez cette fiche sur vous, et brûlez les anciennes.",
        "gate": "accueil",
        "free": "libres",
    },
    "ar": {
        "title": "قائمة الاتصال",
        "printed": "طبعت في",
        "elsewhere": "منطقة غير معروفة",
        "head": "الاسم|الهاتف|الساعات|الأماكن",
        "secret": "سري: احتفظ بهذه الورقة معك، وأتلف القديمة.",
        "gate": "الاستقبال",
        "free": "متاح",
    },
}
LANGUAGES: Final = tuple(_WORDS)
_DAYS: Final = {"MO": "Mo", "TU": "Tu", "WE": "We", "TH": "Th", "FR": "Fr", "SA": "Sa", "SU": "Su"}
_STYLE: Final = """
@page { size: A4; margin: 12mm }
body { font: 9pt/1.35 sans-serif; margin: 0 }
h1 { font-size: 15pt; margin: 0 } h2 { font-size: 12pt; margin: 5mm 0 1mm; border-bottom: 1pt solid }
h3 { font-size: 10pt; margin: 3mm 0 1mm } h2, h3 { break-after: avoid }
table { border-collapse: collapse; width: 100%; table-layout: fixed } thead { display: table-header-group }
th, td { border: .4pt solid #666; padding: 1mm; text-align: start; vertical-align: top; overflow-wrap: anywhere }
tr { break-inside: avoid } .secret { border: 1pt solid; padding: 2mm; font-weight: bold }
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One provider on the sheet."""

    provider: Provider
    area: str  #: the town that it is near, or that its gate is in; empty: not known


def call_sheet(entries: Iterable[Entry], *, language: str, now: datetime) -> str:
    """
    Write the sheet as one HTML page for A4 that needs nothing else.

    Args:
        entries: Who is on it.

        language: "ar", "fr" or "en".

        now: When it is printed; stands on it, because old sheets lie.
    """
    words = _WORDS[language]
    listed = list(entries)
    by_area: dict[str, dict[str, list[Provider]]] = defaultdict(lambda: defaultdict(list))
    for entry in listed:
        for code in entry.provider.service_codes:
            by_area[entry.area or words["elsewhere"]][code].append(entry.provider)
    is_secret = any(entry.provider.is_confidential for entry in listed)
    gate_by_id = {entry.provider.provider_id: entry.area for entry in listed if entry.provider.is_confidential}
    parts = [
        f'<!doctype html><html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"><meta charset="utf-8">',
        f"<title>{words['title']}</title><style>{_STYLE}</style><h1>{words['title']}</h1>",
        f"<p>{words['printed']} {now:%Y-%m-%d %H:%M} UTC</p>",
        f'<p class="secret">{words["secret"]}</p>' if is_secret else "",
    ]
    for area in sorted(by_area):
        parts.append(f"<h2>{escape(area)}</h2>")
        for code in sorted(by_area[area]):
            label = services()[code].labels[language] if code in services() else code
            parts.append(f"<h3>{escape(label)} · {escape(code)}</h3>")
            parts.append(_table(by_area[area][code], language, gate_by_id))
    return "\n".join(filter(None, parts)) + "\n</html>\n"


def _table(providers: Sequence[Provider], language: str, gate_by_id: Mapping[str, str]) -> str:
    words = _WORDS[language]
    head = "".join(f"<th>{word}</th>" for word in words["head"].split("|"))
    rows = [
        "<tr>"
        + "".join(
            f"<td>{cell}</td>"
            for cell in (
                _name(provider, language, gate_by_id),
                "<br>".join(escape(value) for kind, value in provider.contacts if kind == "phone"),
                "<br>".join(escape(_hours(each)) for each in provider.hours),
                "<br>".join(escape(_places(each, words["free"])) for each in provider.places),
            )
        )
        + "</tr>"
        for provider in sorted(providers, key=lambda each: (first_text(each.names), each.provider_id))
    ]
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _name(provider: Provider, language: str, gate_by_id: Mapping[str, str]) -> str:
    name = f"<bdi>{escape(first_text(provider.names, (language, 'en', 'fr', 'ar')))}</bdi>"
    gate = gate_by_id.get(provider.provider_id)
    return f"{name}<br>{_WORDS[language]['gate']}: {escape(gate)}" if gate else name


def _hours(hours: Hours) -> str:
    days = hours.rrule.partition("BYDAY=")[2].partition(";")[0]
    named = " ".join(_DAYS.get(day, day) for day in days.split(",")) if days else ""
    return f"{named} {hours.opens_at}-{hours.closes_at}".strip()


def _places(report: PlaceReport, free: str) -> str:
    told = f"{report.report_time:%Y-%m-%d}" if report.report_time else ""
    return f"{report.population}: {'?' if report.free is None else report.free} {free} {told}".strip()

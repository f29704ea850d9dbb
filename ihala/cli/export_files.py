"""Write what `ihala export` has found, in the form that was asked for."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ihala.cli import call_sheet, exporting
from ihala.records import Provider
from services.errors import InvalidInput
from services.taxonomy import services

SHEET = "sheet"
STANDARD_OUTPUT = Path("-")


def on_sheet(provider: Provider, codes: Sequence[str] | None, country: str) -> bool:
    """Tell whether a confidential provider belongs on a call sheet: in use, there, with the codes asked for."""
    offered = {above for code in provider.service_codes for above in (code, services()[code].parent)}
    return (
        provider.is_confidential
        and provider.status == "active"
        and provider.vetting != "suspended"
        and (not country or provider.country_code == country)
        and offered.issuperset(codes or ())
    )


def write_found(form: str, file: Path, found: Sequence[Provider], language: str) -> bool:
    """
    Write providers to a file or, where they are text, to standard output.

    Returns:
        Whether there is a file now.

    Raises:
        InvalidInput: the form is no text, and no file was named.
    """
    if form != SHEET and file != STANDARD_OUTPUT:
        exporting.write_table(exporting.Table(form), file, found)
        return True
    if form == SHEET:
        text = _sheet(found, language)
    elif form in exporting.TEXTS:
        text = exporting.TEXTS[exporting.Table(form)]([each for each in found if not each.is_confidential])
    else:
        raise InvalidInput("file must be named: this form is no text")
    if file == STANDARD_OUTPUT:
        sys.stdout.write(text)
        return False
    file.write_text(text, encoding="utf-8", newline="")
    return True


def _sheet(found: Sequence[Provider], language: str) -> str:
    from ihala.cli.areas import areas_of

    if language not in call_sheet.LANGUAGES:
        raise InvalidInput("page_language must be en, fr or ar")
    entries = (call_sheet.Entry(each, area) for each, area in zip(found, areas_of(found), strict=True))
    return call_sheet.call_sheet(entries, language=language, now=datetime.now(UTC))

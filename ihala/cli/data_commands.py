"""`ihala import`, `ihala export`, `ihala map`: files in, files out."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.export_files import on_sheet, write_found
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.import_changes import changes_document, show_changes
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit
from ihala.directory_client import Directory
from services.errors import InvalidInput

SHOWN: Final = 20  #: refused rows in the table; JSON has all
PROGRESS_EVERY_S: Final = 1.0


class As(StrEnum):
    """A form of file."""

    GEOJSON = "geojson"
    CSV = "csv"
    GEOPACKAGE = "geopackage"
    GEOPARQUET = "geoparquet"
    EXCEL = "excel"
    SHEET = "sheet"  #: the printable call sheet
    HSDS = "hsds"


class HsdsForm(StrEnum):
    """A form of the Human Services Data Specification."""

    JSON = "json"
    CSV = "csv"


@command
async def import_(
    files: Annotated[list[Path], typer.Argument(help="One dataset, in one file or several.")],
    mapping: Annotated[
        Path | None,
        typer.Option(
            help="How the files are read (TOML), see docs/mappings.md; hsds: HSDS 3, see docs/hsds.md. "
            "A workbook of `ihala template` needs none."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what would change, and change nothing.")] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Archive what the dataset has and the files have not.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Even if that is more than 20 % of the dataset.")] = False,
    dataset: Annotated[str, typer.Option(help="Of HSDS: the dataset.")] = "hsds",
    language: Annotated[str, typer.Option(help="Of HSDS: the language of the texts, as fr.")] = "und",
    country: Annotated[str, typer.Option(help="Of HSDS: of locations without an address, as LY.")] = "",
    time_zone: Annotated[str, typer.Option(help="Of HSDS: of locations, as Africa/Tripoli.")] = "",
    licence: Annotated[str, typer.Option(help="Of HSDS: of the data, an SPDX id.")] = "",
    max_megabytes: Annotated[int, typer.Option(min=1, help="Of each file.")] = 64,
    max_rows: Annotated[int, typer.Option(min=1, help="Of all files.")] = 200_000,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Import providers. The same files again change nothing, and go on where an import was interrupted."""
    report: Any
    caller = home.profile_for(home.EDITOR, profile)
    options: dict[str, Any] = {
        "actor": actor,
        "dry_run": dry_run,
        "complete": complete,
        "allow_large_archive": yes,
        "progress": _progress(),
    }
    if str(mapping) == As.HSDS:
        from ihala.cli.hsds import Ways, bring_files

        report = await bring_files(caller, files, Ways(dataset, language, country, time_zone, licence), **options)
    else:
        from ihala.cli.importing import Limits, import_files

        limits = Limits(megabytes=max_megabytes, rows=max_rows)
        report = await import_files(caller, files, mapping, limits=limits, **options)
    counts = report.counts
    rejected = [
        {
            "row": each.row_number,
            "field": each.fault.field,
            "reason": each.fault.rule,
            "source_key": each.source_key,
            "record_kept": each.record_kept,
        }
        for each in report.rejected
    ]
    notices = [
        {"row": each.row_number, "field": each.notice.field, "code": each.notice.code} for each in report.remarks
    ]
    document = {
        "dataset": report.dataset,
        "run_id": report.run_id,
        "dry_run": dry_run,
        "resumed_after_row": report.resumed_after_row,
        "read": counts.read,
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "archived": counts.archived,
        "duplicates": counts.duplicates,
        "rejected": rejected,
        "notices": notices,
        "changes": changes_document(report),
    }
    if str(mapping) == As.HSDS:
        document["documents"] = {
            "created": report.documents_created,
            "updated": report.documents_updated,
            "unchanged": report.documents_unchanged,
        }
    emit(document, form, lambda console: _show_import(console, document, rejected, notices))


@command
async def export(
    file: Annotated[Path, typer.Argument(help="The file to write; - is standard output.")],
    form: Annotated[As, typer.Option("--as", help="The form of the file.")] = As.GEOJSON,
    need: Annotated[list[str] | None, typer.Option("--need", help="Only with this service code.")] = None,
    dataset: Annotated[str, typer.Option(help="Only of this dataset.")] = "",
    country: Annotated[str, typer.Option(help="Only there, as LY.")] = "",
    hsds_form: Annotated[HsdsForm, typer.Option("--format", help="Of HSDS: JSON documents or the CSV package.")] = (
        HsdsForm.JSON
    ),
    document: Annotated[
        str, typer.Option(help="Of HSDS in one .json: organization, service, service_at_location or location.")
    ] = "service",
    with_confidential: Annotated[
        bool,
        typer.Option("--with-confidential", help="Of the call sheet: aliases and gates too, for who may see them."),
    ] = False,
    page_language: Annotated[str, typer.Option(help="Of the call sheet: en, fr or ar.")] = "en",
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """
    Write the public directory to a file (HSDS: a .json, a .zip or a folder).

    Confidential sites are in none but the call sheet, and there by alias and gate, if asked for.
    """
    if with_confidential and form is not As.SHEET:
        raise InvalidInput("export takes --with-confidential with --as sheet only")
    if form is As.HSDS:
        from ihala.cli.hsds import Form, take_files

        if need or country:
            raise InvalidInput("export of HSDS takes --dataset, and neither --need nor --country")
        caller = home.profile_for(home.EDITOR, profile)
        count = await take_files(caller, file, Form(hsds_form), actor=actor, dataset=dataset, table=document)
        print(f"{count} providers in {file}", file=sys.stderr)
        return
    async with Directory(home.profile_for(home.EDITOR, profile), actor=actor) as directory:
        found = [
            provider
            async for provider in directory.search(codes=need or (), dataset=dataset, country_code=country)
            if not provider.is_confidential
        ]
        if with_confidential:
            found += [each async for each in directory.list_providers(dataset=dataset) if on_sheet(each, need, country)]
    if write_found(form, file, found, page_language):
        print(f"{len(found)} providers in {file}", file=sys.stderr)


@command
async def map_(
    out: Annotated[Path, typer.Option(help="The page to write, one file that needs no network.")],
    need: Annotated[str, typer.Option("--need", help="Only this service or group, as HEA.")] = "",
    language: Annotated[str, typer.Option(help="Only those that work in it (BCP 47).")] = "",
    country: Annotated[str, typer.Option(help="Only there, as LY.")] = "",
    free: Annotated[bool, typer.Option("--free", help="Only with a place reported free.")] = False,
    page_language: Annotated[str, typer.Option(help="Of the page: en, fr or ar.")] = "en",
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
) -> None:
    """Write the coordinators' map to one file. Confidential sites are counts of areas."""
    from ihala.cli.maps import write_map

    await write_map(
        home.profile_for(home.COORDINATOR, profile),
        out,
        language=page_language,
        service=need,
        speaks=language,
        country=country,
        free_only=free,
    )
    size = out.stat().st_size
    emit({"file": str(out), "bytes": size}, form, lambda console: print(f"{out}: {size} bytes"))


def _progress() -> Callable[[Any], None]:
    """Return what tells on standard error how far a long import is."""
    told_s = time.monotonic()

    def tell(report: Any) -> None:
        nonlocal told_s
        if time.monotonic() - told_s >= PROGRESS_EVERY_S:
            told_s = time.monotonic()
            counts = report.counts
            print(
                f"{counts.read} rows: {counts.created} created, {counts.updated} updated, "
                f"{counts.unchanged} unchanged, {len(report.rejected)} refused …",
                file=sys.stderr,
            )

    return tell


def _show_import(
    console: Console,
    document: Mapping[str, Any],
    rejected: Sequence[Mapping[str, Any]],
    notices: Sequence[Mapping[str, Any]],
) -> None:
    if document["dry_run"]:
        console.print("dry run: nothing was changed")
    if document["resumed_after_row"]:
        console.print(f"went on after row {document['resumed_after_row']} of an interrupted import")
    names = ("read", "created", "updated", "unchanged", "archived", "duplicates")
    console.print(", ".join(f"{name} {document[name]}" for name in names) + f", refused {len(rejected)}")
    if rejected:
        table = a_table("row#", "field", "rule", "")
        for each in rejected[:SHOWN]:
            add_row(table, each["row"], each["field"], each["reason"], "kept without it" if each["record_kept"] else "")
        console.print(table)
        if len(rejected) > SHOWN:
            console.print(f"… and {len(rejected) - SHOWN} more; --format json has all")
    show_changes(console, document["changes"])
    codes: dict[str, int] = {}
    for each in notices:
        codes[each["code"]] = codes.get(each["code"], 0) + 1
    if codes:
        console.print("remarks: " + ", ".join(f"{code} {count}" for code, count in sorted(codes.items())))

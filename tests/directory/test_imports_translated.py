"""A translation adds texts to the records of a dataset, and nothing else; where it differs, the report says so."""

from pathlib import Path
from typing import Any

import pytest

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.directory.importing import Report, import_files
from services.directory.model import Outcome
from services.directory.model.imports import Changed, Counts, Fault, Notice, Rejected, Remark
from services.errors import InvalidInput
from tests.directory.house import NOON, House
from tests.directory.import_files import HEADER, MAPPING, ROOT, real_files, unhcr_file

TRANSLATION = MAPPING.replace('"und"', '"ar"').replace('"en"', '"ar"').replace("Night shelter", "مأوى ليلي") + (
    '[translation]\ntexts = ["service.names", "provider.names"]\ncompare = ["provider.claims", "location.place"]\n'
)
ENGLISH = MAPPING.replace('"und"', '"en"')
FILE = f"{HEADER}1,Dar,House one,32.8,13.1,yes\n2,Dar,House two,32.9,13.2,no\n"
ARABIC = f"{HEADER}1,دار,البيت الأول,32.8,13.1,yes\n2,دار,البيت الثاني,32.9,13.2,no\n"


async def bring(house: House, folder: Path, content: str, mapping: str, **options: Any) -> Report:
    (folder / "file").write_text(content, encoding="utf-8")
    (folder / "mapping.toml").write_text(mapping, encoding="utf-8")
    return await import_files(
        house.editor.ImportProviders, [folder / "file"], folder / "mapping.toml", now=lambda: NOON, **options
    )


async def providers(house: House, dataset: str = "towns.test") -> dict[str, pb.Provider]:
    found: dict[str, pb.Provider] = {}
    request = rpc_pb.ListProvidersRequest(dataset=dataset, page_size=500)
    while True:
        answer = await house.editor.ListProviders(request)
        found |= {each.source.source_key: each for each in answer.providers}
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def texts(of: Any) -> dict[str, str]:
    return {each.language: each.text for each in of}


async def test_both_languages_are_in_one_record(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, FILE, ENGLISH)

    report = await bring(house, tmp_path, ARABIC, TRANSLATION)

    found = await providers(house)
    service = await house.editor.GetService(rpc_pb.GetServiceRequest(service_id=found["1"].service_id))
    assert report.counts == Counts(read=2, updated=2)
    assert texts(found["1"].names) == {"en": "House one", "ar": "البيت الأول"}
    assert texts(service.service.names) == {"en": "Night shelter", "ar": "مأوى ليلي"}
    assert await house.search(text="البيت") == await house.search(text="house")


async def test_the_same_translation_again_changes_nothing(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, FILE, ENGLISH)
    await bring(house, tmp_path, ARABIC, TRANSLATION)
    before = await providers(house)

    report = await bring(house, tmp_path, ARABIC, TRANSLATION)

    assert report.counts == Counts(read=2, unchanged=2)
    assert await providers(house) == before


async def test_the_original_again_leaves_the_translation(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, FILE, ENGLISH)
    await bring(house, tmp_path, ARABIC, TRANSLATION)

    same = await bring(house, tmp_path, FILE, ENGLISH)
    changed = await bring(house, tmp_path, FILE.replace("House one", "House 1"), ENGLISH)

    assert same.counts == Counts(read=2, unchanged=2)
    assert changed.counts == Counts(read=2, updated=1, unchanged=1)
    assert texts((await providers(house))["1"].names) == {"en": "House 1", "ar": "البيت الأول"}


async def test_a_language_that_no_translation_brought_goes_with_the_file(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, FILE, MAPPING.replace('"und"', '"fr"'))

    await bring(house, tmp_path, FILE, ENGLISH)

    assert texts((await providers(house))["1"].names) == {"en": "House one"}


async def test_eligibility_is_never_taken_from_a_translation_and_the_report_names_what_differs(
    house: House, tmp_path: Path
) -> None:
    await bring(house, tmp_path, FILE, ENGLISH)
    before = await providers(house)

    report = await bring(house, tmp_path, ARABIC.replace("32.9,13.2,no", "30.0,13.2,yes"), TRANSLATION)

    after = await providers(house)
    assert after["2"].claims == before["2"].claims
    assert after["2"].place == before["2"].place
    assert report.remarks == [
        Remark(2, Notice("provider.claims", "translation_differs")),
        Remark(2, Notice("location.place", "translation_differs")),
    ]


async def test_a_translation_makes_no_record(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, FILE, ENGLISH)

    report = await bring(house, tmp_path, ARABIC + "3,دار,بيت,1,1,yes\n", TRANSLATION)

    fault = Fault("key", "must be that of a record that is there: a translation makes none")
    assert report.rejected == [Rejected(3, fault, "3")]
    assert report.counts == Counts(read=3, updated=2, rejected=1)


async def test_a_confidential_site_has_one_alias_and_no_translation(house: House, tmp_path: Path) -> None:
    area = 'disclosure = "area"\naliases = [{ value = "Site", language = "en" }]'
    hidden = ENGLISH.replace('disclosure = "public"', area).replace(
        "[provider]\n", '[provider]\naliases = [{ value = "Site", language = "en" }]\n'
    )
    await bring(house, tmp_path, FILE, hidden)

    report = await bring(house, tmp_path, ARABIC, TRANSLATION)

    assert {each.fault.field for each in report.rejected} == {"location.disclosure"}
    assert {each.names[0].text for each in (await providers(house)).values()} == {"Site"}


async def test_a_dry_translation_says_which_texts_would_come(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, FILE, ENGLISH)
    before = await providers(house)

    report = await bring(house, tmp_path, ARABIC, TRANSLATION, dry_run=True)

    assert await providers(house) == before
    ids = {key: each.provider_id for key, each in before.items()}
    assert report.changes == [
        Changed(
            row_number=number,
            source_key=str(number),
            provider_id=ids[str(number)],
            outcome=Outcome.UPDATED,
            fields=("names", "service.names"),
        )
        for number in (1, 2)
    ]


@pytest.mark.parametrize(
    ("written", "at_fault"),
    [
        ('texts = ["provider.claims"]', "translation.texts"),
        ('texts = ["provider.names"]\ncompare = ["provider.pool"]', "translation.compare"),
        ('compare = ["provider.rules"]', "translation.texts"),
        ('texts = ["provider.names"]\ncolour = 1', "translation.colour"),
    ],
)
async def test_a_translation_that_is_half_understood_is_refused(
    house: House, tmp_path: Path, written: str, at_fault: str
) -> None:
    with pytest.raises(InvalidInput, match=at_fault):
        await bring(house, tmp_path, FILE, f"{ENGLISH}[translation]\n{written}\n")


async def test_a_translation_archives_nothing(house: House, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"header\.complete"):
        await bring(house, tmp_path, ARABIC, TRANSLATION, complete=True)


async def test_unhcr_english_then_arabic_is_one_record_a_service_with_two_languages(house: House) -> None:
    (arabic,) = real_files("unhcr-jordan-services/services_2015_AR_562.json")
    mappings = ROOT / "mappings"
    editor, now = house.editor.ImportProviders, lambda: NOON
    await import_files(editor, [unhcr_file()], mappings / "unhcr-services-advisor.toml", now=now)
    before = await providers(house, "unhcr-services-advisor-jo")

    report = await import_files(editor, [arabic], mappings / "unhcr-services-advisor-ar.toml", now=now)

    after = await providers(house, "unhcr-services-advisor-jo")
    differing = [each.notice.field for each in report.remarks if each.notice.code == "translation_differs"]
    assert report.counts == Counts(read=562, updated=562)
    assert after.keys() == before.keys()
    assert all(set(texts(each.names)) == {"en", "ar"} for each in after.values())
    # "Open to all" became "Serious medical condition" on 207, and 20 outreach services "Referrals only"
    assert differing.count("provider.rules") == 207
    assert differing.count("provider.reach_out") == 20
    assert len(differing) == 227
    for key, each in after.items():
        for field in ("rules", "claims", "schedules", "reach_out", "valid", "place"):
            assert getattr(each, field) == getattr(before[key], field)
    again = await import_files(editor, [unhcr_file()], mappings / "unhcr-services-advisor.toml", now=now)
    assert again.counts == Counts(read=562, unchanged=562)

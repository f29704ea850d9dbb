"""Search by words and by who works there: any script, best fitting first, pages that stay right meanwhile."""

from typing import Any

import pytest

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.geo.v1 import geo_pb2
from services.directory.store.renewing import renew
from services.errors import InvalidInput, Reason
from tests.directory.house import TRIPOLI, House, text

NAMES = {
    "rihan": text("مَرْكَز الإيواءِ — الرِّيحان", "ar"),
    "hope": text("Bayt al-Amal", "en"),
    "foyer": text("Foyer d'hébergement Élan", "fr"),
    "night": text("Night shelter of the northern gate", "en"),
    "shelter": text("Shelter", "en"),
    "sheltered": text("Sheltered work", "en"),
}


@pytest.fixture
async def named(house: House) -> dict[str, str]:
    service, location = await house.its_service(), await house.location()
    return {key: (await house.provider(service, location, names=[name])).provider_id for key, name in NAMES.items()}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("مركز", {"rihan"}),
        ("مَركَز", {"rihan"}),  # vowel signs make no difference
        ("ايواء", {"rihan"}),  # nor the form of alef, nor the article
        ("الإيواء", {"rihan"}),
        ("ريحا", {"rihan"}),  # the beginning of a word is enough
        ("elan", {"foyer"}),
        ("ÉLAN heberg", {"foyer"}),
        ("amal bayt", {"hope"}),  # in any order
        ("helter", set()),  # the middle of a word is none
        ("shelter gate", {"night"}),
        ("shelter", {"night", "shelter", "sheltered"}),
    ],
)
async def test_search_finds_words_in_any_script(
    house: House, named: dict[str, str], words: str, found: set[str]
) -> None:
    ids = await house.search(text=words)

    assert set(ids) == {named[key] for key in found}


async def test_relevance_puts_whole_words_and_short_names_first(house: House, named: dict[str, str]) -> None:
    ids = await house.search(text="shelter", order=rpc_pb.SEARCH_ORDER_RELEVANCE)

    assert ids == [named[key] for key in ("shelter", "night", "sheltered")]


async def test_relevance_tells_the_distance_and_holds_to_it(house: House) -> None:
    service = await house.its_service()
    far = await house.location(geo_pb2.Point(latitude_deg=27.0, longitude_deg=14.4))
    nowhere = await house.location(None)
    near_id = (await house.provider(service, names=[text("Shelter of the old town")])).provider_id
    far_id = (await house.provider(service, far, names=[text("Shelter")])).provider_id
    lost_id = (await house.provider(service, nowhere, names=[text("Shelter nobody knows where")])).provider_id
    asked: dict[str, Any] = {
        "text": "shelter",
        "origin": geo_pb2.Origin(point=TRIPOLI),
        "order": rpc_pb.SEARCH_ORDER_RELEVANCE,
    }

    answer = await house.coordinator.SearchProviders(rpc_pb.SearchProvidersRequest(**asked))

    assert [each.provider.provider_id for each in answer.found] == [far_id, lost_id, near_id]
    assert [each.HasField("reach") for each in answer.found] == [True, False, True]
    assert answer.found[2].reach.distance_m == 0
    assert await house.search(**asked, max_distance_m=50_000) == [near_id]


async def test_pages_by_relevance_have_every_row_once_while_others_come_and_go(house: House) -> None:
    service, location = await house.its_service(), await house.location()
    stay = [
        (await house.provider(service, location, names=[text("Shelter " + "north " * (number % 3))])).provider_id
        for number in range(9)
    ]
    found: list[str] = []
    token = ""
    while True:
        page = await house.coordinator.SearchProviders(
            rpc_pb.SearchProvidersRequest(
                text="shel", order=rpc_pb.SEARCH_ORDER_RELEVANCE, page_size=2, page_token=token
            )
        )
        found += [each.provider.provider_id for each in page.found]
        token = page.next_page_token
        if not token:
            break
        await house.provider(service, location, names=[text("Shelter of another name")])

    assert [each for each in found if each in stay] == sorted(stay, key=found.index)
    assert sorted(each for each in found if each in stay) == sorted(stay)
    assert len(found) == len(set(found))


async def test_who_works_there_narrows_what_is_found(house: House) -> None:
    service, location = await house.its_service(), await house.location()
    women = await house.provider(service, location, staff_genders=["woman"])
    both = await house.provider(service, location, staff_genders=["woman", "man"])
    await house.provider(service, location)  # nobody has said

    assert await house.search(staff_genders=["man"]) == [both.provider_id]
    assert set(await house.search(staff_genders=["woman", "man"])) == {women.provider_id, both.provider_id}


@pytest.mark.parametrize(
    ("asked", "field", "reason"),
    [
        ({"staff_genders": ["ladies"]}, "staff_genders[0]", Reason.UNKNOWN_CODE),
        ({"order": rpc_pb.SEARCH_ORDER_RELEVANCE}, "order", Reason.INVALID_FIELD),
        ({"order": 7, "text": "shelter"}, "order", Reason.INVALID_FIELD),
        ({"text": "—"}, "text", Reason.INVALID_FIELD),
        ({"statuses": [9]}, "statuses[0]", Reason.INVALID_FIELD),
    ],
)
async def test_a_condition_that_is_none_is_refused(house: House, asked: Any, field: str, reason: Reason) -> None:
    with pytest.raises(InvalidInput) as caught:
        await house.search(**asked)

    assert (caught.value.fields[0].field, caught.value.reason) == (field, reason)


async def test_rows_of_an_older_version_are_found_once_they_are_written_anew(house: House) -> None:
    provider = await house.provider(staff_genders=["woman"])
    async with house.pool.connection() as connection:
        await connection.execute("UPDATE provider SET staff_genders = '{}', verified_time = NULL, columns_form = 0")
    assert await house.search(staff_genders=["woman"]) == []

    assert await renew(house.pool) == 1
    assert await renew(house.pool) == 0

    assert await house.search(staff_genders=["woman"]) == [provider.provider_id]
    seen = await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id))
    assert seen.provider.revision == provider.revision
    assert seen.provider.status == pb.STATUS_ACTIVE

"""On which terms a service is given: typed, editable, suggestable, and the same in HSDS both ways."""

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.geo.v1 import geo_pb2
from services.errors import InvalidInput, Reason
from services.runtime.auth import Role
from tests.directory.canary import ADDRESS
from tests.directory.house import TRIPOLI, House, a_request_id, text
from tests.directory.hsds_files import bring_files, example, faults_of, read_json, take_files
from tests.directory.test_confidential import everything_kept, everything_told
from tests.directory.test_imports_confidential import CANARY, a_raw_row, send

COSTS = [
    pb.CostOption(amount="0", descriptions=[text("Under 18s")]),
    pb.CostOption(amount="12.50", currency="LYD", descriptions=[text("Others"), text("a night")]),
]
PHONE = pb.Contact(kind=pb.CONTACT_KIND_PHONE, value="+218 21 000 0000")
TERMS: dict[str, Any] = {
    "cost_options": COSTS,
    "required_documents": [text("A paper with your name"), text("ورقة", "ar")],
    "funding_conditions": [text("The town pays, for people who live in it")],
}


async def update(house: House, noun: str, record: Any, **fields: Any) -> Any:
    """Change fields of a record by its RPC, and return it."""
    name = noun.lower()
    changed = type(record)(**{f"{name}_id": getattr(record, f"{name}_id")}, **fields)
    request = getattr(rpc_pb, f"Update{noun}Request")(
        request_id=a_request_id(),
        update_mask=FieldMask(paths=list(fields)),
        expected_revision=record.revision,
        **{name: changed},
    )
    return getattr(await getattr(house.editor, f"Update{noun}")(request), name)


def told(record: Any, fields: dict[str, Any]) -> dict[str, Any]:
    return {name: list(getattr(record, name)) for name in fields}


async def test_an_editor_writes_the_terms_of_a_provider_and_a_search_shows_them(house: House) -> None:
    provider = await house.provider(**TERMS)

    answer = await house.coordinator.SearchProviders(rpc_pb.SearchProvidersRequest())
    cleared = await update(house, "Provider", provider, cost_options=[], required_documents=[])

    assert told(answer.found[0].provider, TERMS) == TERMS
    assert told(cleared, TERMS) == {**TERMS, "cost_options": [], "required_documents": []}


async def test_an_editor_writes_the_terms_and_the_contacts_of_a_service(house: House) -> None:
    fields = {**TERMS, "contacts": [PHONE], "foreign_codes": ["open-eligibility:1104", "hpc:PRT-TIP"]}

    service = await update(house, "Service", await house.its_service(), **fields)

    assert told(service, fields) == fields


async def test_an_organization_has_numbers_of_its_own(house: House) -> None:
    organization = await update(house, "Organization", await house.organization(), contacts=[PHONE])

    assert list(organization.contacts) == [PHONE]


async def test_a_provider_copies_how_people_get_to_its_location(house: House) -> None:
    fields: dict[str, Any] = {"transportation": [text("Bus 1")], "accessibilities": [text("A ramp")]}
    location = await house.location(contacts=[PHONE], point_precision=pb.POINT_PRECISION_STREET, **fields)
    provider = await house.provider(location=location)

    moved = await update(house, "Location", location, transportation=[text("Bus 2")])

    assert told(location, fields) == fields
    assert (list(provider.transportation), provider.point_precision) == ([text("Bus 1")], pb.POINT_PRECISION_STREET)
    seen = await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id))
    assert list(seen.provider.transportation) == list(moved.transportation) == [text("Bus 2")]


async def test_a_desk_suggests_the_terms_and_an_editor_approves_them(house: House) -> None:
    receiver = await house.receiver()
    provider = await house.provider(receiver_id=receiver.receiver_id)
    desk = house.stub(Role.RECEIVER, client_id="desk", receiver_ids=(receiver.receiver_id,))

    made = await desk.SuggestChange(
        rpc_pb.SuggestChangeRequest(
            request_id=a_request_id(),
            provider=pb.Provider(provider_id=provider.provider_id, **TERMS),
            update_mask=FieldMask(paths=list(TERMS)),
        )
    )
    reviewed = await house.editor.ReviewSuggestion(
        rpc_pb.ReviewSuggestionRequest(
            request_id=a_request_id(),
            suggestion_id=made.suggestion.suggestion_id,
            approved=True,
            expected_revision=made.suggestion.provider_revision,
        )
    )

    assert [each.field for each in made.suggestion.changes] == sorted(TERMS)
    assert told(reviewed.provider, TERMS) == TERMS


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"cost_options": [pb.CostOption(amount="12,50")]}, "provider.cost_options[0].amount"),
        ({"cost_options": [pb.CostOption(amount="-1")]}, "provider.cost_options[0].amount"),
        ({"cost_options": [pb.CostOption(amount="1", currency="dinar")]}, "provider.cost_options[0].currency"),
        ({"cost_options": [pb.CostOption()]}, "provider.cost_options[0].amount"),
        ({"required_documents": [text("")]}, "provider.required_documents[0].text"),
        ({"transportation": [text("Bus 1")]}, "provider.transportation"),
        ({"point_precision": pb.POINT_PRECISION_EXACT}, "provider.point_precision"),
    ],
)
async def test_what_is_no_term_is_refused(house: House, fields: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await house.provider(**fields)

    assert caught.value.fields[0].field == field


@pytest.mark.parametrize(
    "fields",
    [
        {"contacts": [PHONE]},
        {"transportation": [text("Bus 1")]},
        {"accessibilities": [text("A ramp")]},
        {"point_precision": pb.POINT_PRECISION_EXACT},
    ],
)
async def test_r16_a_confidential_location_tells_neither_numbers_nor_ways(house: House, fields: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        await house.location(disclosure=pb.DISCLOSURE_AREA, **fields)

    assert (caught.value.fields[0].field, caught.value.reason) == (
        f"location.{next(iter(fields))}",
        Reason.FINER_THAN_ALLOWED,
    )


async def test_r16_a_location_that_becomes_confidential_loses_them_with_its_providers(house: House) -> None:
    location = await house.location(
        contacts=[PHONE], transportation=[text("Bus 1")], point_precision=pb.POINT_PRECISION_EXACT
    )
    provider = await house.provider(location=location, **TERMS)

    hidden = await update(
        house,
        "Location",
        location,
        disclosure=pb.DISCLOSURE_AREA,
        place=geo_pb2.Place(point=TRIPOLI),
        country_code="LY",
        addresses=[],
    )

    assert (list(hidden.contacts), list(hidden.transportation), hidden.point_precision) == ([], [], 0)
    seen = await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id))
    assert told(seen.provider, TERMS) == {name: [] for name in TERMS}
    assert (list(seen.provider.transportation), seen.provider.point_precision) == ([], 0)
    async with house.pool.connection() as connection:
        cursor = await connection.execute("SELECT doc FROM provider_history")
        docs = b"".join([row[0] for row in await cursor.fetchall()])
    assert b"Bus 1" not in docs
    assert b"Under 18s" not in docs


async def test_r21_a_service_with_numbers_has_no_confidential_site(house: House) -> None:
    service = await update(house, "Service", await house.its_service(), contacts=[PHONE])
    hidden = await house.location(disclosure=pb.DISCLOSURE_AREA)

    with pytest.raises(InvalidInput) as caught:
        await house.provider(service, hidden)
    public = await update(house, "Service", service, contacts=[])
    await house.provider(public, hidden)
    public = (await house.editor.GetService(rpc_pb.GetServiceRequest(service_id=service.service_id))).service
    with pytest.raises(InvalidInput) as again:
        await update(house, "Service", public, contacts=[PHONE])

    assert (caught.value.fields[0].field, caught.value.reason) == ("provider.service_id", Reason.FINER_THAN_ALLOWED)
    assert (again.value.fields[0].field, again.value.reason) == ("service.contacts", Reason.FINER_THAN_ALLOWED)


async def test_the_terms_of_an_official_document_are_read(house: House) -> None:
    await bring_files(house, example("service_full.json"), language="en")

    provider = (await house.editor.ListProviders(rpc_pb.ListProvidersRequest(dataset="hsds"))).providers[0]
    service = (await house.editor.ListServices(rpc_pb.ListServicesRequest(dataset="hsds"))).services[0]
    location = (await house.editor.ListLocations(rpc_pb.ListLocationsRequest(dataset="hsds"))).locations[0]
    cost = provider.cost_options[0]
    assert (cost.amount, cost.currency) == ("35", "GBP")
    assert [each.text for each in cost.descriptions] == ["Under 18s and Over 60s", "per 1 hour session"]
    assert cost.valid.start_time.ToJsonString() == "2020-01-01T00:00:00Z"
    assert cost.valid.end_time.ToJsonString() == "2023-01-01T00:00:00Z"
    assert told(service, TERMS) == told(provider, TERMS)
    assert provider.required_documents[0].text.startswith("Any official identification document")
    assert provider.funding_conditions[0].text.startswith("This service is funded partially")
    assert service.contacts[0].kind == pb.CONTACT_KIND_PHONE
    assert "taxonomy:code" in service.foreign_codes
    assert location.transportation[0].text == provider.transportation[0].text
    assert location.transportation[0].text.startswith("MyCity Civic Center")
    assert location.accessibilities[0].text.startswith("The building is equipped with induction loops")


async def test_what_an_editor_has_said_goes_to_hsds_and_comes_back(house: House, tmp_path: Path) -> None:
    fields = {**TERMS, "contacts": [PHONE], "foreign_codes": ["hpc:PRT-TIP"]}
    service = await update(house, "Service", await house.its_service(), **fields)
    ways: dict[str, Any] = {"transportation": [text("Bus 1"), text("حافلة", "ar")], "accessibilities": [text("A ramp")]}
    location = await house.location(contacts=[PHONE], point_precision=pb.POINT_PRECISION_TOWN, **ways)
    await house.provider(service, location, **TERMS)

    await take_files(house, tmp_path / "out.json", table="service")
    await bring_files(house, tmp_path / "out.json", dataset="again", country_code="LY")

    document = read_json(tmp_path / "out.json")["contents"][0]
    assert faults_of("service", document) == []
    assert [each["amount"] for each in document["cost_options"]] == [0, 12.5]
    assert document["required_documents"][0]["document"] == "A paper with your name"
    again = (await house.editor.ListProviders(rpc_pb.ListProvidersRequest(dataset="again"))).providers[0]
    its_service = (await house.editor.ListServices(rpc_pb.ListServicesRequest(dataset="again"))).services[0]
    its_location = (await house.editor.ListLocations(rpc_pb.ListLocationsRequest(dataset="again"))).locations[0]
    assert told(again, TERMS) == TERMS
    assert told(its_service, fields) == fields
    assert told(its_location, ways) == ways
    assert list(its_location.contacts) == [PHONE]
    assert again.point_precision == pb.POINT_PRECISION_TOWN


async def test_r16_a_confidential_row_of_an_import_loses_them_with_a_notice_each(house: House) -> None:
    secret, number = [text(ADDRESS)], [pb.Contact(kind=pb.CONTACT_KIND_PHONE, value=ADDRESS)]
    costs = [pb.CostOption(amount="0", descriptions=secret)]
    row = a_raw_row(cost_options=costs, required_documents=secret, funding_conditions=secret)
    row.organization.contacts.extend(number)
    row.service.MergeFrom(
        pb.Service(contacts=number, cost_options=costs, required_documents=secret, funding_conditions=secret)
    )
    row.location.MergeFrom(
        pb.Location(
            contacts=number,
            transportation=secret,
            accessibilities=secret,
            point_precision=pb.POINT_PRECISION_EXACT,
        )
    )

    answers = await send(house, row)

    assert answers[-1].created_count == 1
    noticed = {each.field: each.code for answer in answers for each in answer.notices}
    assert set(noticed) >= {
        *(f"provider.{name}" for name in TERMS),
        *(f"service.{name}" for name in (*TERMS, "contacts")),
        *(f"location.{name}" for name in ("contacts", "transportation", "accessibilities", "point_precision")),
        "organization.contacts",
    }
    (provider,) = (await house.editor.ListProviders(rpc_pb.ListProvidersRequest(dataset="towns.test"))).providers
    assert CANARY.found_in(await everything_told(house, provider)) == []
    assert CANARY.found_in(await everything_kept(house)) == []

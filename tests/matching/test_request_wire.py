"""Every fact that a request may hold is read into its own place: none is passed over because nobody thought of it."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput
from services.geo import Gauge, Point, cell_at
from services.matching.model.person import AgeRange, Person
from services.matching.model.request import Enquiry, Item, Need
from services.matching.model.safety import Placed
from services.matching.model.travel import Mode
from services.matching.wire.person_wire import Lists, person_from_wire
from services.matching.wire.request_wire import enquiry_from_wire
from services.taxonomy import Urgency, service, services
from tests.matching.samples import TRIPOLI

#: why a fact is absent decides nothing here
ABSENCE = "_absence"
#: field of the message -> what it may hold, and what is read from that
OF_A_PERSON: Final[dict[str, tuple[Any, dict[str, Any]]]] = {
    "age": (pb.AgeRange(min_years=3, max_years=9), {"age": AgeRange(3, 9)}),
    "sex": (pb.SEX_FEMALE, {"sex": "female"}),
    "gender": (pb.GENDER_WOMAN, {"gender": "woman"}),
    "languages": (pb.LanguageList(languages=["AR", "fr"]), {"languages": frozenset({"ar", "fr"})}),
    "family": (pb.CodeList(codes=["couple"]), {"family": frozenset({"couple"})}),
    "process": (pb.PROCESS_BOTH, {"process": "both"}),
    "exploitation": (pb.CodeList(codes=["servitude"]), {"exploitation": frozenset({"servitude"})}),
    "unaccompanied": (False, {"is_unaccompanied": False}),
    "no_reason_to_believe_child": (True, {"no_reason_to_believe_child": True}),
    "accessibility": (pb.CodeList(codes=["step_free"]), {"accessibility": frozenset({"step_free"})}),
    "has_documents": (False, {"has_documents": False}),
    "status_class": ("national", {"status_class": "national"}),
    "accepts_reporting": (True, {"accepts_reporting": True}),
    "indicators": (pb.CodeList(codes=["debt"]), {"indicators": frozenset({"debt"})}),
}
OF_A_NEED: Final[dict[str, tuple[Any, dict[str, Any]]]] = {
    "code": ("ACC-EMG", {"service": service("ACC-EMG")}),
    "urgency": (pb.URGENCY_URGENT, {"urgency": Urgency.URGENT}),
    "staff_gender": ("woman", {"staff_gender": "woman"}),
    "items": ([pb.PlaceItem(population="girls", count=2)], {"items": (Item("girls", 2),)}),
    "risk_assessment_ref": ("r", {"has_risk_assessment": True}),
    "hours_since_event": (0.0, {"hours_since_event": 0.0}),
    "remote": (True, {"is_remote": True}),
    "best_interests_ref": ("b", {"has_best_interests": True}),
    "interpreter": (True, {"has_interpreter": True}),
}


def test_every_fact_of_a_person_is_read() -> None:
    assert {each.name for each in pb.Person.DESCRIPTOR.fields if not each.name.endswith(ABSENCE)} == set(OF_A_PERSON)


@pytest.mark.parametrize("name", OF_A_PERSON)
def test_a_fact_of_a_person_is_read_into_its_own_place(name: str) -> None:
    held, read = OF_A_PERSON[name]

    assert person_from_wire(pb.Person(**{name: held})) == Person(**read)


def test_what_nobody_told_of_a_person_stays_absent() -> None:
    assert person_from_wire(pb.Person(age=pb.AgeRange(basis=pb.AGE_BASIS_DISPUTED), status_class="")) == Person()


@pytest.mark.parametrize(
    ("held", "read"),
    [
        (pb.AgeRange(min_years=0), AgeRange(0)),
        (pb.AgeRange(max_years=0), AgeRange(0, 0)),
        (pb.AgeRange(max_years=17, basis=pb.AGE_BASIS_DISPUTED), AgeRange(0, 17, is_disputed=True)),
    ],
)
def test_an_age_may_have_one_end_and_be_disputed(held: pb.AgeRange, read: AgeRange) -> None:
    assert person_from_wire(pb.Person(age=held)).age == read


@pytest.mark.parametrize("name", ["sex", "gender", "process"])
def test_a_number_that_an_enum_does_not_have_is_refused(name: str) -> None:
    told: dict[str, Any] = {name: 77}

    with pytest.raises(InvalidInput) as caught:
        person_from_wire(pb.Person(**told))

    assert [each.field for each in caught.value.fields] == [f"person.{name}"]


@pytest.mark.parametrize("name", ["family", "exploitation", "accessibility", "indicators", "languages"])
def test_a_list_is_read_anew_where_it_differs(name: str) -> None:
    held, read = OF_A_PERSON[name]
    nothing: dict[str, Any] = {field: frozenset() for field in read}
    empty = pb.Person()
    getattr(empty, name).SetInParent()

    for _ in range(2):
        assert person_from_wire(pb.Person(**{name: held})) == Person(**read)
        assert person_from_wire(empty) == Person(**nothing)


def test_lists_are_kept_and_nothing_that_stood_beside_them() -> None:
    lists = Lists("family.codes", pb.CodeList, lambda code, _: code, most_kept=2)
    unknown = pb.Person(status_class="national").SerializeToString()  # a field that a list does not have

    for codes in ({"couple"}, {"alone", "couple"}):
        written = pb.CodeList(codes=codes).SerializeToString()

        assert lists[written] == codes
        assert lists[written + unknown] == codes
        assert written in lists
        assert written + unknown not in lists


def test_of_too_many_lists_all_are_forgotten() -> None:
    lists = Lists("family.codes", pb.CodeList, lambda code, _: code, most_kept=2)
    written = [pb.CodeList(codes=[code]).SerializeToString() for code in "abc"]

    assert [lists[each] for each in written] == [{"a"}, {"b"}, {"c"}]
    assert list(lists) == written[2:]


def test_what_was_noticed_of_somebody_is_not_kept() -> None:
    lists = Lists("indicators.codes", pb.CodeList, lambda code, _: code, most_kept=0)

    assert lists[pb.CodeList(codes=["debt"]).SerializeToString()] == {"debt"}
    assert not lists


def test_everything_that_is_said_of_a_need_is_read() -> None:
    assert {each.name for each in pb.Need.DESCRIPTOR.fields} == set(OF_A_NEED)


@pytest.mark.parametrize("name", OF_A_NEED)
def test_what_is_said_of_a_need_is_read_into_its_own_place(name: str) -> None:
    held, read = OF_A_NEED[name]
    told = {"code": "ACC-EMG", name: held}

    assert _needs(pb.Need(**told)) == (Need(**{"service": service("ACC-EMG"), **read}),)


@pytest.mark.parametrize("more", [{}, {"remote": True}])
def test_how_soon_is_read_with_a_service_alone_and_with_more(more: dict[str, Any]) -> None:
    said = [pb.Need(code="ACC-EMG", urgency=number, **more) for number in pb.Urgency.values()]

    assert [each.urgency for each in _needs(*said)] == [Urgency.NORMAL, *Urgency]


def test_needs_are_read_in_their_order_whatever_else_is_said_of_them() -> None:
    said = [each for code in services() for each in (pb.Need(code=code), pb.Need(code=code, remote=True))][:16]

    assert [(each.code, each.is_remote) for each in _needs(*said)] == [(each.code, each.remote) for each in said]


@pytest.mark.parametrize(
    ("name", "held", "read"),
    [
        ("limit", 7, {"limit": 7}),
        ("travel_mode", pb.TRAVEL_MODE_FOOT, {"mode": Mode.FOOT}),
        ("max_distance_m", 12.5, {"max_cost_mm": 12_500}),
        ("when_time", Timestamp(seconds=60), {"when_time": datetime(1970, 1, 1, 0, 1, tzinfo=UTC)}),
        ("safety", pb.Safety(excluded_provider_ids=["a"]), {"excluded_provider_ids": frozenset({"a"})}),
        ("safety", pb.Safety(keep_apart_person_refs=["b"]), {"apart": (Placed("b"),)}),
        ("safety", pb.Safety(keep_together_person_refs=["c"]), {"together": (Placed("c"),)}),
    ],
)
def test_what_is_said_of_a_search_is_read_into_its_own_place(name: str, held: Any, read: dict[str, Any]) -> None:
    told: dict[str, Any] = {"needs": [pb.Need(code="ACC-EMG")], name: held}
    needs = (Need(service=service("ACC-EMG")),)

    assert _enquiry(pb.FindMatchesRequest(**told)) == Enquiry(needs, TRIPOLI, "LY", **read)


@pytest.mark.parametrize("place", [Point(0, 0), Point(0, 13), Point(32, 0)])
def test_a_degree_of_0_is_given_like_any_other(place: Point) -> None:
    told = geo_pb2.Point(latitude_deg=place.latitude_deg, longitude_deg=place.longitude_deg)

    assert _read(geo_pb2.Origin(point=told)).origin == place


@pytest.mark.parametrize("given", [{}, {"latitude_deg": 0}, {"longitude_deg": 0}, {"longitude_deg": 13}])
def test_a_degree_that_was_not_given_is_named(given: dict[str, float]) -> None:
    missing = "longitude_deg" if "latitude_deg" in given else "latitude_deg"

    with pytest.raises(InvalidInput) as caught:
        _read(geo_pb2.Origin(point=geo_pb2.Point(**given)))

    assert [each.field for each in caught.value.fields] == [f"origin.point.{missing}"]


def test_the_country_is_asked_of_what_measures_from_the_origin() -> None:
    told = geo_pb2.Origin(h3_cell=cell_at(TRIPOLI, 5).h3_cell)
    asked: list[Gauge] = []

    def country_at(gauge: Gauge) -> str:
        asked.append(gauge)
        return "TN"

    enquiry, gauge = enquiry_from_wire(
        pb.FindMatchesRequest(needs=[pb.Need(code="ACC-EMG")], origin=told), _no_town, country_at
    )

    assert enquiry.country_code == "TN"
    assert asked == [gauge]
    assert gauge.position == enquiry.origin


def test_no_part_of_a_request_is_a_map_whose_entries_may_be_written_in_any_order() -> None:
    waiting, seen = [pb.FindMatchesRequest.DESCRIPTOR], set()
    while waiting:
        message = waiting.pop()
        seen.add(message.full_name)
        assert not message.GetOptions().map_entry
        parts = [each.message_type for each in message.fields if each.message_type]
        waiting += [each for each in parts if each.full_name not in seen]

    assert "ihala.matching.v1.DangerZone" in seen


def _needs(*needs: pb.Need) -> tuple[Need, ...]:
    return _enquiry(pb.FindMatchesRequest(needs=needs)).needs


def _enquiry(message: pb.FindMatchesRequest) -> Enquiry:
    message.origin.point.latitude_deg, message.origin.point.longitude_deg = TRIPOLI.latitude_deg, TRIPOLI.longitude_deg
    return _told(message)


def _read(origin: geo_pb2.Origin) -> Enquiry:
    return _told(pb.FindMatchesRequest(needs=[pb.Need(code="ACC-EMG")], origin=origin))


def _told(message: pb.FindMatchesRequest) -> Enquiry:
    enquiry, _ = enquiry_from_wire(message, _no_town, lambda _: "LY")
    return enquiry


def _no_town(_: str) -> tuple[Point, str]:
    raise AssertionError

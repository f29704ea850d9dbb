"""FindMatches through the door that callers come in by: a real channel."""

from datetime import timedelta
from typing import Any

import pytest

from ihala.directory.v1 import directory_pb2
from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from services.errors import (
    Reason,
    Unavailable,
)
from services.geo import AreaCell, Place, Point, cell_at, cost_mm
from services.hours import Calendar, Entry, Schedule
from services.matching.constraints.table import RULES_VERSION
from services.matching.model.provider import Claim, ReachOut, RuleKind, Text, VettingState
from tests.matching.houses import NADOR, Open, a_girl, a_request, an_origin, ids
from tests.matching.samples import FOR_ALL, NOON, TRIPOLI, a_provider, a_report, a_rule


async def test_r48_what_is_announced_is_told_of_every_row(house: Open) -> None:
    always = Schedule(is_intake=True, opens_at="08:00", closes_at="18:00")
    closure = Entry(entry_id="1", calendar=Calendar.CLOSURE, country_code="LY", first_day=NOON.date())
    async with house(a_provider("a", schedules=(always,))) as here:
        before = (await here.find()).needs[0].matches[0]
        here.directory.calendar = (closure,)
        after = (await here.find()).needs[0].matches[0]

    assert (before.open, after.open) == (pb.OPEN_STATE_OPEN, pb.OPEN_STATE_CLOSED)
    assert "closed_on_arrival" in {each.code for each in after.cautions}


async def test_two_lists_each_nearest_first_with_a_limit_of_its_own(house: Open) -> None:
    near, far = Point(32.89, 13.19), Point(33.2, 13.2)
    async with house(
        a_provider("b-far", place=far),
        a_provider("a-near", place=near),
        a_provider("ask-far", place=far, claim=Claim.UNKNOWN),
        a_provider("ask-near", place=near, claim=Claim.UNKNOWN),
        a_provider("never", claim=Claim.NO),
    ) as here:
        answer = await here.find()
        first = await here.find(limit=1)

    (need,) = answer.needs
    assert (need.need_no, need.code) == (0, "LEG-ADV")
    assert (ids(need.matches), ids(need.ask_first)) == (["a-near", "b-far"], ["ask-near", "ask-far"])
    assert [(each.constraint, each.provider_count) for each in need.excluded] == [("service", 1)]
    assert [(each.constraint, each.question, each.ask) for each in need.ask_first[0].unknowns] == [
        ("service", "service", "provider")
    ]
    assert (ids(first.needs[0].matches), ids(first.needs[0].ask_first)) == (["a-near"], ["ask-near"])
    assert (answer.directory_epoch, answer.directory_revision, answer.rules_version) == ("epoch-1", 7, RULES_VERSION)
    assert answer.evaluated_time.seconds == int(NOON.timestamp())


async def test_each_need_has_its_own_answer(house: Open) -> None:
    async with house(a_provider("p-1", code="LEG-ADV"), a_provider("p-2", code="HEA-PRI")) as here:
        answer = await here.find("HEA-PRI", "PRO-POL", "LEG-ADV")

    assert [ids(each.matches) for each in answer.needs] == [["p-2"], [], ["p-1"]]


async def test_until_it_is_warm_it_answers_nothing_rather_than_less(house: Open) -> None:
    async with house(is_warm=False) as here:
        with pytest.raises(Unavailable) as caught:
            await here.stub.FindMatches(a_request(), timeout=0.5)

    assert caught.value.reason is Reason.UNREADY


async def test_r16_a_confidential_site_shows_alias_band_and_cell_and_nothing_finer(house: Open) -> None:
    site = a_provider(
        "house",
        code="ACC-EMG",
        place=cell_at(TRIPOLI, 6),
        is_confidential=True,
        names=(Text(language="ar", text="دار ١"),),
        source_key="row-7",
        receiver_heard_time=NOON,
        vetting=VettingState.VETTED,
    )
    async with house(site) as here:
        (match,) = (await here.find("ACC-EMG")).needs[0].matches

    assert match.reach.band == geo_pb2.DISTANCE_BAND_UNDER_25_KM
    assert match.reach.WhichOneof("reach") == "band"
    assert not match.HasField("cost_m")
    assert not match.HasField("receiver_heard_time")
    assert (match.source_key, list(match.contacts), list(match.cost_parts)) == ("", [], [])
    assert match.place.cell.h3_cell == cell_at(TRIPOLI, 6).h3_cell
    assert match.area_cell == cell_at(TRIPOLI, 3).h3_cell


async def test_r17_r18_where_in_its_cell_a_site_stood_changes_no_byte(house: Open) -> None:
    cell = cell_at(TRIPOLI, 6)
    corners = (Point(cell.centre.latitude_deg + 0.01, cell.centre.longitude_deg), cell.centre)
    answers = []
    async with house() as here:
        for point in corners:
            assert cell_at(point, 6) == cell
            places: list[Place] = [cell_at(point, 6), Point(32.9, 13.2), Point(32.8, 13.1), cell_at(point, 4)]
            here.know(
                *(
                    a_provider(f"p-{number}", code="ACC-EMG", place=place, is_confidential=isinstance(place, AreaCell))
                    for number, place in enumerate(places)
                )
            )
            answers.append((await here.find("ACC-EMG")).SerializeToString(deterministic=True))

    assert answers[0] == answers[1]


async def test_r59_where_life_comes_first_what_would_exclude_is_a_caution(house: Open) -> None:
    hospital = a_provider(
        "hospital", code="HEA-EMG", claim=Claim.UNKNOWN, vetting=VettingState.UNVETTED, rules=frozenset()
    )
    async with house(hospital) as here:
        need = (await here.find("HEA-EMG", person=a_girl())).needs[0]

    (match,) = need.matches
    cautions = {(each.constraint, each.code) for each in match.cautions}
    assert list(need.ask_first) == []
    assert {("service", "unknown"), ("vetting", "not_met"), ("age", "unknown")} <= cautions
    assert {"service", "age", "documents"} <= {each.constraint for each in match.unknowns}


async def test_r33_even_where_life_comes_first_a_safeguarding_flag_excludes(house: Open) -> None:
    async with house(a_provider("p", code="HEA-EMG", vetting=VettingState.SUSPENDED)) as here:
        need = (await here.find("HEA-EMG")).needs[0]

    assert ([*need.matches, *need.ask_first], need.excluded[0].constraint) == ([], "safeguarding")


async def test_r60_from_nador_nothing_in_melilla(house: Open) -> None:
    melilla: dict[str, Any] = {"place": Point(35.2937, -2.9383), "country_code": "ES"}
    providers = [
        a_provider("here", place=Point(35.3, -3.2), country_code="MA"),
        a_provider("over-there", **melilla),
        a_provider("across", **melilla, works_across_borders=Claim.YES),
    ]
    person = pb.Person(no_reason_to_believe_child=True, languages=pb.LanguageList(languages=["en"]), has_documents=True)
    async with house(*providers) as here:
        by_point = await here.find(origin=an_origin(NADOR.point), person=person)
        by_town = await here.find(origin=geo_pb2.Origin(place_id=NADOR.place_id), person=person)
        plain = await here.find(origin=an_origin(NADOR.point))

    for answer in (by_point, by_town):
        assert ids(answer.needs[0].matches) == ["across", "here"]
        assert [(each.constraint, each.provider_count) for each in answer.needs[0].excluded] == [("country", 1)]
    assert ids(plain.needs[0].matches) == ["across", "over-there", "here"]


async def test_only_what_is_within_the_distance_is_listed_the_edge_included(house: Open) -> None:
    edge = Point(32.9, 13.3)
    metres = cost_mm(TRIPOLI, edge) / 1000
    cell = cell_at(TRIPOLI, 6)  # a confidential site is at least as far as the mean way inside its cell
    async with house(a_provider("edge", place=edge), a_provider("area", place=cell, is_confidential=True)) as here:
        within = (await here.find(max_distance_m=metres)).needs[0]
        short = (await here.find(max_distance_m=metres - 0.001)).needs[0]
        near = (await here.find(max_distance_m=100.0)).needs[0]

    assert (ids(within.matches), ids(short.matches), ids(near.matches)) == (["area", "edge"], ["area"], [])
    assert [(each.constraint, each.provider_count) for each in near.excluded] == [("distance", 2)]


async def test_who_is_nowhere_is_never_nearest(house: Open) -> None:
    async with house(a_provider(place=None)) as here:
        need = (await here.find()).needs[0]

    assert ([*need.matches, *need.ask_first], need.excluded[0].constraint) == ([], "position")


async def test_r24_an_excluded_provider_is_counted_for_a_safety_reason_and_no_more(house: Open) -> None:
    safety = pb.Safety(excluded_provider_ids=["p-1"])
    async with house(a_provider("p-1"), a_provider("p-2")) as here:
        need = (await here.find(safety=safety)).needs[0]

    assert ids(need.matches) == ["p-2"]
    assert [(each.constraint, each.provider_count) for each in need.excluded] == [("safety", 1)]


async def test_places_are_shown_less_what_is_held(house: Open) -> None:
    girls = a_provider(
        "house",
        code="ACC-EMG",
        pool_id="beds",
        rules=FOR_ALL | {a_rule(RuleKind.AGE, ages=(0, 17))},
        place_reports=(a_report("girls", 3, 1),),
    )
    async with house(girls) as here:
        here.taken.replace({("beds", "girls"): 1})
        person = a_girl(languages=pb.LanguageList(languages=["en"]))
        free = (await here.find("ACC-EMG", person=person)).needs[0]
        here.taken.replace({("beds", "girls"): 2})
        full = (await here.find("ACC-EMG", person=person)).needs[0]
        here.taken.lose(NOON - timedelta(seconds=31))
        away = (await here.find("ACC-EMG", person=person)).needs[0]

    (match,) = free.matches
    assert (match.places.kind, match.places.free_place_count, match.places.population) == (
        pb.PLACES_KIND_COUNTED,
        1,
        "girls",
    )
    assert [each.constraint for each in full.excluded] == ["places"]
    assert [each.constraint for each in away.ask_first[0].unknowns] == ["places"]


async def test_r10_an_offer_would_show_what_its_rules_decide_by_and_no_more(house: Open) -> None:
    strict = frozenset(
        {
            a_rule(RuleKind.AGE, ages=(12, 17)),
            a_rule(RuleKind.GENDER, Claim.YES, "woman"),
            a_rule(RuleKind.PROCESS),  # takes all
            a_rule(RuleKind.FAMILY, Claim.NO, "couple"),
            a_rule(RuleKind.DOCUMENTS),
            a_rule(RuleKind.LEGAL_STATUS, Claim.YES, "irregular"),  # R31: never leaves matching
            a_rule(RuleKind.UNACCOMPANIED_CHILD),
        }
    )
    person = a_girl(
        languages=pb.LanguageList(languages=["en"]),
        status_class="irregular",
        has_documents=True,
        process=pb.PROCESS_TIP_PRESUMED,
        family=pb.CodeList(codes=["alone"]),
        unaccompanied=True,
    )
    async with house(a_provider("strict", rules=strict), a_provider("zopen")) as here:
        by_rules, takes_all = (await here.find(person=person)).needs[0].matches

    always = {"need", "urgency", "arrival", "risk", "precaution", "brought_by", "language", "unaccompanied_child"}
    assert set(by_rules.needed_fields) == always | {"age", "gender", "family", "documents"}
    assert set(takes_all.needed_fields) == always


async def test_who_takes_no_referrals_is_found_by_a_plain_search_with_a_caution(house: Open) -> None:
    async with house(a_provider(reach_out=ReachOut.NONE)) as here:
        (match,) = (await here.find()).needs[0].matches
        need = (await here.find(person=pb.Person())).needs[0]

    assert ("takes_referrals", "takes_no_referrals") in {(each.constraint, each.code) for each in match.cautions}
    assert match.reach_out == directory_pb2.REACH_OUT_NONE
    assert [each.constraint for each in need.excluded] == ["takes_referrals"]


async def test_a_cell_stands_for_its_middle(house: Open) -> None:
    cell = cell_at(TRIPOLI, 5)
    async with house(a_provider(place=cell.centre)) as here:
        (match,) = (await here.find(origin=geo_pb2.Origin(h3_cell=cell.h3_cell))).needs[0].matches

    assert match.cost_m == pytest.approx(0, abs=0.01)


async def test_the_answer_is_a_function_of_the_request_and_the_directory(house: Open) -> None:
    async with house(a_provider("p-1"), a_provider("p-2", place=cell_at(TRIPOLI, 4), is_confidential=True)) as here:
        first, second = await here.find(), await here.find()

    assert first == second

"""A consent covers what it says and nothing else (R1)."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.referrals.consent import covers
from services.referrals.disclosure import BRIEFING_FACTS, PERSON_FACTS, shown_to_receiver
from services.referrals.model import (
    CLOSED,
    NOT_SENT,
    PLACED,
    Consent,
    DueKind,
    GivenBy,
    Method,
    Offer,
    OfferState,
    Provider,
    ReceiverClass,
    Vetting,
)
from services.referrals.model.consent import FIELDS, PURPOSES
from services.taxonomy import Urgency
from tests.referrals.samples import AREA, NOON, a_provider

ELSEWHERE = "833f4efffffffff"
CODES = ["ACC-EMG", "HEA-SGV", "LEG-ADV"]
PROVIDERS = st.builds(
    lambda provider_id, codes, area, vetting, expiry: a_provider(
        provider_id, codes=tuple(codes), area_cell=area, vetting=vetting, vetting_end_time=expiry
    ),
    st.sampled_from(["one", "two", "three"]),
    st.lists(st.sampled_from(CODES), unique=True),
    st.sampled_from([AREA, ELSEWHERE, ""]),
    st.sampled_from(list(Vetting)),
    st.sampled_from([None, NOON - timedelta(days=1), NOON + timedelta(days=1)]),
)
CLASSES = st.builds(
    lambda codes, areas, vetted: ReceiverClass(codes=tuple(codes), area_cells=tuple(areas), vetted=vetted),
    st.lists(st.sampled_from(CODES), min_size=1, unique=True),
    st.lists(st.sampled_from([AREA, ELSEWHERE]), unique=True),
    st.booleans(),
)


@st.composite
def consents(draw: st.DrawFn) -> Consent:
    named = draw(st.none() | CLASSES)
    start_time = NOON + timedelta(days=draw(st.integers(-30, 3)))
    return Consent(
        consent_id="consent",
        client_id="ministry",
        case_ref="case",
        provider_ids=tuple(draw(st.lists(st.sampled_from(["one", "two"]), min_size=named is None, unique=True))),
        receiver_class=named,
        fields=tuple(draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, unique=True))),
        purposes=tuple(draw(st.lists(st.sampled_from(sorted(PURPOSES)), min_size=1, unique=True))),
        start_time=start_time,
        end_time=start_time + timedelta(days=draw(st.integers(1, 40))),
        given_by=GivenBy.PERSON,
        method=Method.SPOKEN,
        create_time=NOON,
        withdrawn_time=draw(st.none() | st.just(NOON)),
        withdrawn_provider_ids=tuple(draw(st.lists(st.sampled_from(["one", "three"]), unique=True))),
    )


def says_so(consent: Consent, provider: Provider, code: str) -> bool:
    """Read the record again, sentence by sentence, in other words than the code under test."""
    by_id = any(each == provider.provider_id for each in consent.provider_ids)
    by_class = False
    if consent.receiver_class is not None:
        vetted_now = provider.vetting in {Vetting.VETTED, Vetting.LISTED} and not (
            provider.vetting_end_time is not None and provider.vetting_end_time <= NOON
        )
        by_class = all(
            [
                code in consent.receiver_class.codes,
                code in provider.codes,
                consent.receiver_class.area_cells == () or provider.area_cell in consent.receiver_class.area_cells,
                vetted_now or not consent.receiver_class.vetted,
            ]
        )
    return by_id or by_class


@given(consents(), PROVIDERS, st.sampled_from(CODES), st.sets(st.sampled_from(sorted(FIELDS))))
def test_a_consent_covers_exactly_what_it_says(
    consent: Consent, provider: Provider, code: str, fields: set[str]
) -> None:
    """R1."""
    expected = (
        consent.withdrawn_time is None
        and provider.provider_id not in consent.withdrawn_provider_ids
        and consent.start_time <= NOON
        and consent.end_time > NOON
        and "referral" in consent.purposes
        and all(field in consent.fields for field in fields)
        and says_so(consent, provider, code)
    )

    assert covers(consent, provider, code, fields=fields, purpose="referral", now=NOON) == expected


@given(
    st.sampled_from(list(OfferState)),
    st.sets(st.sampled_from(sorted(FIELDS))),
    st.sets(st.sampled_from(sorted(FIELDS))),
)
def test_a_receiver_is_shown_no_fact_that_stage_rules_and_consent_do_not_all_allow(
    state: OfferState, consented: set[str], needed: set[str]
) -> None:
    """R1, R10."""
    offer = Offer(
        offer_id="offer",
        referral_id="referral",
        offer_no=0,
        need_no=0,
        code="ACC-EMG",
        urgency=Urgency.IMMEDIATE,
        provider_id="house",
        pool_id="pool",
        area_cell=AREA,
        needed_fields=tuple(needed),
        state=state,
        due_time=None if state in CLOSED else NOON,
        due_kind=None if state in CLOSED else DueKind.READ,
        create_time=NOON,
    )

    shown = shown_to_receiver(offer, consented)

    is_read = state in PLACED | {
        OfferState.RECEIVED,
        OfferState.INFO_REQUESTED,
        OfferState.WAITLISTED,
        OfferState.PROPOSED,
    }
    is_question = state in NOT_SENT | {OfferState.PROBING}
    assert shown.code is (is_read or is_question)
    assert shown.area is is_question
    for fact in shown.person:
        field = next(field for field, facts in PERSON_FACTS.items() if fact in facts)
        assert is_read
        assert field in consented & needed
    for fact in shown.briefing:
        field = next(field for field, facts in BRIEFING_FACTS.items() if fact in facts)
        assert is_read
        assert field in consented


def test_legal_status_is_shown_to_nobody() -> None:
    """R31."""
    facts = {fact for facts in PERSON_FACTS.values() for fact in facts}

    assert facts.isdisjoint({"status_class", "status_class_absence", "accepts_reporting", "indicators"})

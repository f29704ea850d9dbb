"""Going ahead without consent: never with any part missing, and never without a second person for long (R5)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import FailedPrecondition, InvalidInput, Reason
from services.runtime.auth import Role
from tests.referrals.samples import Running, a_provider, a_request_id

NIGHT = datetime(2026, 3, 13, 23, 30, tzinfo=UTC)
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def an_override(**facts: Any) -> Any:
    whole: dict[str, Any] = {
        "request_id": a_request_id(),
        "case_ref": "case-1",
        "ground": pb.OVERRIDE_GROUND_DANGER_TO_LIFE,
        "sealed_reason": b"sealed",
        "second_person": "supervisor",
        "provider_ids": ["house"],
    }
    return service_pb.OverrideConsentRequest(**whole | facts)


async def sign(referrals: Running, task_id: str, client_id: str = "duty") -> Any:
    return await referrals.stub(Role.DUTY_COORDINATOR, client_id=client_id).CloseTask(
        service_pb.CloseTaskRequest(request_id=a_request_id(), task_id=task_id, expected_version=1, outcome="signed")
    )


async def test_two_people_go_ahead_and_the_person_will_be_told(referrals: Running) -> None:
    referrals.clock.time = NOON
    await referrals.know(a_provider())

    made = await referrals.sender().OverrideConsent(an_override())

    assert (await referrals.refer(consent_id=made.consent_id)).referral_id
    assert made.task_id == ""
    tasks = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    assert [(task.kind, task.owner) for task in tasks] == [(pb.TASK_KIND_TELL_PERSON, "duty")]
    consent = (await referrals.sender().GetConsent(service_pb.GetConsentRequest(consent_id=made.consent_id))).consent
    assert (consent.given_by, consent.override_ground) == (pb.GIVEN_BY_NOBODY, pb.OVERRIDE_GROUND_DANGER_TO_LIFE)


@pytest.mark.parametrize(
    "facts",
    [
        {"ground": pb.OVERRIDE_GROUND_UNSPECIFIED},
        {"sealed_reason": b""},
        {"provider_ids": []},
        {"case_ref": ""},
        {"ground": pb.OVERRIDE_GROUND_LEGAL_DUTY},  # none is configured
    ],
)
async def test_an_override_with_any_part_missing_is_refused(referrals: Running, facts: dict[str, Any]) -> None:
    await referrals.know(a_provider())

    with pytest.raises(InvalidInput):
        await referrals.sender().OverrideConsent(an_override(**facts))


@pytest.mark.parametrize("second_person", ["", "ministry"])
async def test_by_day_one_workers_word_will_not_do(referrals: Running, second_person: str) -> None:
    referrals.clock.time = NOON
    await referrals.know(a_provider())

    with pytest.raises(FailedPrecondition) as caught:
        await referrals.sender().OverrideConsent(an_override(second_person=second_person))

    assert caught.value.reason is Reason.SECOND_PERSON_NEEDED


async def test_at_night_one_worker_goes_ahead_to_emergency_services_and_another_signs(referrals: Running) -> None:
    referrals.clock.time = NIGHT
    await referrals.know(a_provider(), a_provider("lawyer", codes=("LEG-ADV",)))
    sender = referrals.sender()
    with pytest.raises(FailedPrecondition) as caught:
        await sender.OverrideConsent(an_override(second_person="", provider_ids=["house", "lawyer"]))
    assert caught.value.reason is Reason.PROVIDER_NOT_REFERABLE
    made = await sender.OverrideConsent(an_override(second_person=""))
    assert (await referrals.refer(consent_id=made.consent_id)).referral_id

    with pytest.raises(FailedPrecondition) as caught:
        await sign(referrals, made.task_id, client_id="ministry")  # the same worker in another chair
    assert caught.value.reason is Reason.SECOND_PERSON_NEEDED
    await sign(referrals, made.task_id)

    referrals.clock.move(hours=30)
    assert (await referrals.refer(consent_id=made.consent_id)).referral_id


async def test_what_nobody_signs_covers_nothing_after_a_day_and_is_the_managers(referrals: Running) -> None:
    referrals.clock.time = NIGHT
    await referrals.know(a_provider())
    made = await referrals.sender().OverrideConsent(an_override(second_person=""))

    await referrals.pass_time(hours=24)

    with pytest.raises(FailedPrecondition) as caught:
        await referrals.refer(consent_id=made.consent_id)
    assert caught.value.reason is Reason.CONSENT_NOT_COVERING
    tasks = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    assert ("manager", pb.TASK_KIND_COUNTERSIGN) in [(task.owner, task.kind) for task in tasks]


async def test_a_child_is_placed_at_night_if_it_assents(referrals: Running) -> None:
    referrals.clock.time = NIGHT
    await referrals.know(a_provider())
    facts = {"second_person": "", "ground": pb.OVERRIDE_GROUND_CHILD_BEST_INTERESTS}

    with pytest.raises(FailedPrecondition):
        await referrals.sender().OverrideConsent(an_override(**facts, child_assent=pb.ASSENT_REFUSED))
    made = await referrals.sender().OverrideConsent(an_override(**facts, child_assent=pb.ASSENT_GIVEN))

    assert made.task_id


async def test_an_override_is_recorded_once_and_no_consent_pretends_to_be_one(referrals: Running) -> None:
    await referrals.know(a_provider())
    request = an_override()
    first = await referrals.sender().OverrideConsent(request)
    again = await referrals.sender().OverrideConsent(request)

    assert (again.consent_id, again.replayed) == (first.consent_id, True)
    with pytest.raises(InvalidInput):
        await referrals.consent(given_by=pb.GIVEN_BY_NOBODY)
    assert referrals.clock() + timedelta(hours=72) == ((await referrals.rows("SELECT end_time FROM consent"))[0][0])

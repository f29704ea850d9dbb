"""What refusals bring about beyond a referral: corrections of the directory, and a look at who is refused."""

from typing import Any

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import NotFound, Unavailable
from services.referrals.due import send_corrections
from tests.referrals.samples import Running, a_match_request, a_provider, order


class Editors:
    """A directory that keeps what it hears."""

    def __init__(self, *answers: Exception) -> None:
        self.heard: list[tuple[str, str, str, str]] = []
        self.answers = list(answers)

    async def correct(self, request_id: str, provider_id: str, reason: str, code: str) -> None:
        if self.answers:
            raise self.answers.pop(0)
        self.heard.append((request_id, provider_id, reason, code))


async def refuse(referrals: Running, reason: str, *, status_class: str = "") -> None:
    request = a_match_request()
    request.person.status_class = status_class
    made = await referrals.refer(match_request=request)
    await referrals.receiver().DeclineOffer(order("Decline", made.offers[0], reason=reason))


async def review_tasks(referrals: Running) -> list[Any]:
    tasks = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    return [task for task in tasks if task.kind == pb.TASK_KIND_REVIEW_REFUSALS]


async def test_a_refusal_that_says_something_of_the_record_reaches_the_directory_once(referrals: Running) -> None:
    await referrals.know(a_provider())
    for reason in ("service_not_offered", "staff_unavailable", "conflict_of_interest"):
        await refuse(referrals, reason)
        await referrals.rows("DELETE FROM exclusion RETURNING 1")
    editors = Editors(Unavailable("away"))

    sent = []
    for _round in range(3):
        try:
            sent.append(await send_corrections(referrals.desk.pool, editors, referrals.clock()))
        except Unavailable:
            sent.append(-1)

    assert sent == [-1, 1, 0]
    ((request_id, provider_id, reason, code),) = editors.heard
    assert (provider_id, reason, code) == ("house", "service_not_offered", "ACC-EMG")
    ((offer_id,),) = await referrals.rows("SELECT offer_id FROM decline WHERE is_correction")
    assert offer_id not in request_id


async def test_a_provider_that_is_gone_needs_no_correction(referrals: Running) -> None:
    await referrals.know(a_provider())
    await refuse(referrals, "service_not_offered")

    assert await send_corrections(referrals.desk.pool, Editors(NotFound("gone")), referrals.clock()) == 1
    assert await send_corrections(referrals.desk.pool, Editors(), referrals.clock()) == 0


async def test_refusals_that_repeat_one_status_are_looked_at_by_a_person(referrals: Running) -> None:
    await referrals.know(a_provider())
    for status_class, reason in (
        ("asylum_seeker", "not_eligible_condition"),
        ("asylum_seeker", "missing_documents"),
        ("irregular", "missing_documents"),
        ("", "missing_documents"),
        ("asylum_seeker", "staff_unavailable"),
    ):
        await refuse(referrals, reason, status_class=status_class)
    before = await review_tasks(referrals)

    await refuse(referrals, "safety_risk_to_site", status_class="asylum_seeker")
    await refuse(referrals, "safety_risk_to_site", status_class="asylum_seeker")

    (task,) = await review_tasks(referrals)
    assert before == []
    assert (task.provider_id, task.code, task.offer_id) == ("house", "", "")
    kept = b"".join(row[0] for row in await referrals.rows("SELECT likeness FROM decline WHERE likeness IS NOT NULL"))
    assert b"asylum" not in kept  # R31: a keyed digest, from which nobody can tell the status


async def test_refusals_of_long_ago_or_of_different_people_are_none_that_repeat(referrals: Running) -> None:
    await referrals.know(a_provider())
    for status_class in ("asylum_seeker", "asylum_seeker", "irregular", "resident"):
        await refuse(referrals, "missing_documents", status_class=status_class)
    referrals.clock.move(days=100)

    await refuse(referrals, "missing_documents", status_class="asylum_seeker")

    assert await review_tasks(referrals) == []

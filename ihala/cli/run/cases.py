"""Send the demo's cases through the whole path, and tell what happens."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Final

from ihala.answer import Answer, ReceiverClass, Row
from ihala.cli.facts import said
from ihala.cli.output import first_text, in_km
from ihala.cli.run.case_files import CaseFile
from ihala.cli.run.demo_data import DemoDesk
from ihala.cli.run.identities import Identities
from ihala.cli.run.story import Story
from ihala.client import PERSON, SPOKEN, THROUGH_INTERPRETER, Ihala
from ihala.desk_client import Desk
from ihala.notify_client import EnrolmentCode, Notify
from ihala.profile import read_profile
from ihala.receiver import Receiver
from ihala.referral import Assent, Briefing, BroughtBy, Consent, Cursor, Event, Referred, Risk
from services.errors import NotFound, Unavailable

PATIENCE_S: Final = 60.0  #: for the whole path of one case
ACTOR: Final = "worker-118"
NIGHT_DESK: Final = "night desk"
OUTCOME: Final = "provided_here"
ANSWERED_STATES: Final = frozenset({"accepted", "in_transit", "in_progress"})


class Walk:
    """
    The demo's cases on a running system.

    Args:
        identities: Whose profiles are used.

        desks: The demo's, by key.

        story: Where it is told.

        now: The clock, timezone-aware.
    """

    def __init__(
        self, identities: Identities, desks: Mapping[str, DemoDesk], story: Story, now: Callable[[], datetime]
    ) -> None:
        self._identities = identities
        self._desks = desks
        self._story = story
        self._now = now

    async def answered_by_software(self, case: CaseFile) -> None:
        """
        Match, consent, refer; the desk's software hears and a person there says yes; the sender sees it.

        Raises:
            Unavailable: it did not come to an end in time.
        """
        desk = self._desks[case.desk_key]
        self._story.chapter(f"Case {case.number}: {case.title}")
        try:
            async with asyncio.timeout(PATIENCE_S), self._ministry() as ihala:
                await self._clear_away(ihala, case, desk)
                cursor = self._read_cursor()
                answer = await self._matched(ihala, case)
                rows = [_chosen(answer, code) for code in case.nearest]
                consent = await self._consented(ihala, case, rows)
                sent_s = time.monotonic()
                referred = await self._referred(ihala, case, answer, rows, consent)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._answer(desk, referred, sent_s))
                    seen = group.create_task(self._seen(ihala, referred, cursor, until="offer_accepted"))
                self._write_cursor(seen.result())
        except TimeoutError:
            raise Unavailable(f"case {case.number} was not through after {PATIENCE_S:.0f} s") from None

    async def waiting_for_page(self, case: CaseFile) -> EnrolmentCode:
        """Match, consent and refer; the answer is left to whoever opens the page."""
        desk = self._desks[case.desk_key]
        self._story.chapter(f"Case {case.number}: {case.title}")
        async with self._ministry() as ihala:
            await self._clear_away(ihala, case, desk)
            answer = await self._matched(ihala, case)
            rows = [_chosen(answer, code) for code in case.nearest]
            consent = await self._consented(ihala, case, rows)
            await self._referred(ihala, case, answer, rows, consent)
        async with Notify(read_profile(self._identities.profile_file("coordinator"))) as notify:
            code = await notify.create_enrolment_code(desk.receiver_id)
        self._story.tell("answer page", f"open {code.page_url} and type {code.code} to answer for {_name(desk.names)}")
        return code

    def _ministry(self) -> Ihala:
        return Ihala.from_profile(self._identities.profile_file("ministry"), actor=ACTOR)

    async def _matched(self, ihala: Ihala, case: CaseFile) -> Answer:
        self._story.tell("case worker", case.story)
        begin_s = time.monotonic()
        answer = await ihala.find_matches_for(case.request)
        took_ms = 1000 * (time.monotonic() - begin_s)
        for need in answer:
            excluded = sum(need.excluded.values())
            self._story.tell(
                "match",
                f"{need.code}: {len(need.matches)} can, {len(need.ask_first)} to ask first, {excluded} cannot "
                f"(revision {answer.directory_revision}, {took_ms:.0f} ms)",
            )
            for row in need.matches[:2]:
                self._story.tell("", f"  {_name(row.names)}, {_how_far(row)}{_places(row)}")
        return answer

    async def _consented(self, ihala: Ihala, case: CaseFile, rows: Sequence[Row]) -> Consent:
        person = case.request["person"]
        is_child = person["age"]["max_years"] < 18  # noqa: PLR2004 -- of age
        languages = person["languages"]["languages"]
        fields = sorted({field for row in rows for field in row.needed_fields})
        consent = await ihala.record_consent(
            self._case_ref(case),
            receivers=_class_of(rows),
            fields=fields,
            given_by=PERSON,
            child_assent=Assent.GIVEN if is_child else None,
            method=THROUGH_INTERPRETER if is_child else SPOKEN,
            language=languages[0],
        )
        self._story.tell("consent", f"recorded for {', '.join(row.code for row in rows)}: {', '.join(fields)}")
        return consent

    async def _referred(
        self, ihala: Ihala, case: CaseFile, answer: Answer, rows: Sequence[Row], consent: Consent
    ) -> Referred:
        referred = await ihala.refer(
            answer.token,
            rows,
            case_ref=consent.case_ref,
            consent=consent,
            briefing=Briefing(brought_by=BroughtBy.WORKER, risk=Risk.SOMEBODY_SEARCHES),
        )
        if not referred.referral_id:
            raise NotFound("the demo's houses have no free place left: `make clean` begins anew")
        self._story.tell("referral", f"{referred.referral_id}: asked {', '.join(_name(row.names) for row in rows)}")
        return referred

    async def _answer(self, desk: DemoDesk, referred: Referred, sent_s: float) -> None:
        """Be the desk's software, and the person at it."""
        open_ids = set(referred.offer_ids.values())
        async with (
            Receiver.from_profile(self._identities.profile_file(f"receivers/{desk.key}")) as receiver,
            aclosing(aiter(receiver)) as alerts,
        ):
            async for alert in alerts:
                if alert.offer_id not in open_ids:
                    continue  # of an earlier run
                after_ms = 1000 * (time.monotonic() - sent_s)
                self._story.tell(
                    "alert",
                    f"{_name(desk.names)} hears: something {alert.urgency.value}, "
                    f"answer by {_clock(alert.due_time)} ({after_ms:.0f} ms after the referral)",
                )
                offer = await alert.read(by=NIGHT_DESK)
                self._story.tell(
                    "read", f"by the {NIGHT_DESK}: {offer.need.code}; {said(offer.need.facts) or 'no facts needed'}"
                )
                await offer.accept()
                self._story.tell("answer", f"yes to {offer.need.code}")
                open_ids.discard(alert.offer_id)
                alert.finish()
                if not open_ids:
                    return

    async def _seen(self, ihala: Ihala, referred: Referred, cursor: Cursor | None, *, until: str) -> Cursor:
        """Hear as the sender until every offer had an event of this type."""
        open_ids = set(referred.offer_ids.values())
        async with aclosing(ihala.watch(after=cursor)) as events:
            async for event in events:
                if event.referral_id != referred.referral_id:
                    continue
                self._story.tell(
                    "sender sees",
                    f"{event.type}{_need_of(event)} at {_clock(event.recorded_time)}, case {event.case_ref}",
                )
                if event.type == until:
                    open_ids.discard(event.offer_id)
                if not open_ids:
                    return event.cursor
        raise AssertionError("a watch never ends by itself")

    async def _clear_away(self, ihala: Ihala, case: CaseFile, desk: DemoDesk) -> None:
        """End what an earlier run left of a case, so that its places are free for this one."""
        profile = read_profile(self._identities.profile_file(f"receivers/{desk.key}"))
        async for referral in ihala.list_referrals(states=["active", "on_hold", "exhausted"]):
            if not referral.case_ref.startswith(f"{case.prefix}-"):
                continue
            async with Desk(profile, actor="demo") as at_desk:
                for offer in referral.offers:
                    if offer.state in ANSWERED_STATES:
                        await at_desk.arrive(offer.offer_id)
                        await at_desk.complete(offer.offer_id, OUTCOME)
            if any(not need.accepted_offer_id for need in referral.needs):
                await ihala.revoke(referral.referral_id, "no_longer_needed")

    def _case_ref(self, case: CaseFile) -> str:
        return f"{case.prefix}-{self._now():%Y%m%dT%H%M%S}"

    @property
    def _cursor_file(self) -> Path:
        return self._identities.folder / "demo_cursor"

    def _read_cursor(self) -> Cursor | None:
        return Cursor.parse(self._cursor_file.read_text()) if self._cursor_file.exists() else None

    def _write_cursor(self, cursor: Cursor) -> None:
        self._cursor_file.write_text(str(cursor))


def _chosen(answer: Answer, code: str) -> Row:
    """Return the nearest row of a need, the rows that are sure before those to ask first."""
    need = answer[code]
    rows = [row for row in (*need.matches, *need.ask_first) if row.reach_out == "enrolled"]
    if not rows:
        raise NotFound(f"nobody with a desk was found for {code}")
    return rows[0]


def _class_of(rows: Sequence[Row]) -> ReceiverClass:
    """Return the class of receivers that has all of these rows and is no wider than they need."""
    return ReceiverClass(
        codes=tuple(dict.fromkeys(row.code for row in rows)),
        area_cells=tuple(dict.fromkeys(row.area_cell for row in rows if row.area_cell)),
        vetted=all(row.is_vetted for row in rows),
    )


def _how_far(row: Row) -> str:
    if row.band is not None:
        return f"a confidential site, {row.band.value.replace('_', ' ').lower()} away"
    return f"{in_km(row.distance_m)} away" if row.distance_m is not None else "position not known"


def _places(row: Row) -> str:
    return f", {row.places.free} free for {row.places.population}" if row.places.free is not None else ""


def _need_of(event: Event) -> str:
    numbers = [offer.need_no for offer in event.referral.offers if offer.offer_id == event.offer_id]
    return "".join(f" {need.code}" for need in event.referral.needs if need.need_no in numbers)


def _name(names: Mapping[str, str]) -> str:
    return first_text(names)


def _clock(time_of: datetime | None) -> str:
    return "" if time_of is None else time_of.astimezone().strftime("%H:%M:%S")

"""The JSON documents of a referral's life: consents, referrals, events, offers, tasks, rosters. Keys are public."""

from dataclasses import fields
from typing import Any

from ihala.desk_client import OfferView
from ihala.referral import Consent, Event, Hold, Offer, Referral
from ihala.task_client import Roster, Task
from ihala.terms import Terms


def consent_document(consent: Consent) -> dict[str, Any]:
    """Write a consent."""
    return {
        "consent_id": consent.consent_id,
        "case_ref": consent.case_ref,
        "fields": consent.fields,
        "purposes": consent.purposes,
        "end_time": consent.end_time,
        "withdrawn_time": consent.withdrawn_time,
    }


def referral_document(referral: Referral) -> dict[str, Any]:
    """Write a referral as its sender sees it."""
    return {
        "referral_id": referral.referral_id,
        "case_ref": referral.case_ref,
        "state": referral.state,
        "create_time": referral.create_time,
        "consent_id": referral.consent_id,
        "erased": referral.is_erased,
        "needs": [
            {
                "need_no": need.need_no,
                "code": need.code,
                "urgency": need.urgency,
                "accepted_offer_id": need.accepted_offer_id,
            }
            for need in referral.needs
        ],
        "offers": [_offer(offer) for offer in referral.offers],
    }


def event_document(event: Event) -> dict[str, Any]:
    """Write one transition, without the state of the whole referral."""
    return {
        "event_id": event.event_id,
        "type": event.type,
        "referral_id": event.referral_id,
        "case_ref": event.case_ref,
        "offer_id": event.offer_id,
        "occurred_time": event.occurred_time,
        "recorded_time": event.recorded_time,
        "actor": event.actor,
        "on_behalf_of": event.on_behalf_of,
        "via": event.via,
    }


def offer_view_document(view: OfferView) -> dict[str, Any]:
    """Write an offer as its receiver sees it."""
    return {
        "offer_id": view.offer_id,
        "provider_id": view.provider_id,
        "receiver_id": view.receiver_id,
        "state": view.state,
        "version": view.version,
        "due_time": view.due_time,
        "due_kind": view.due_kind,
        "urgency": view.urgency,
        "code": view.code,
        "facts": view.facts,
        "briefing": view.briefing,
        "items": view.items,
        "hold": _hold(view.hold),
        "read_time": view.read_time,
        "reason": view.reason,
        "area_cell": view.area_cell,
        "divisible": view.is_divisible,
        "answer_unread": view.is_answer_unread,
        "terms": _terms(view.terms),
    }


def task_document(task: Task) -> dict[str, Any]:
    """Write a task."""
    return {
        "task_id": task.task_id,
        "kind": task.kind,
        "state": task.state,
        "owner": task.owner,
        "due_time": task.due_time,
        "urgency": task.urgency,
        "code": task.code,
        "provider_id": task.provider_id,
        "offer_id": task.offer_id,
        "referral_id": task.referral_id,
        "sender": task.sender,
        "outcome": task.outcome,
        "create_time": task.create_time,
        "version": task.version,
    }


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "offer_id": offer.offer_id,
        "need_no": offer.need_no,
        "provider_id": offer.provider_id,
        "state": offer.state,
        "version": offer.version,
        "due_time": offer.due_time,
        "due_kind": offer.due_kind,
        "reason": offer.reason,
        "hold": _hold(offer.hold),
        "read_time": offer.read_time,
        "ring": offer.ring,
        "terms": _terms(offer.terms),
    }


def roster_document(roster: Roster) -> dict[str, Any]:
    """Write a roster."""
    return {
        "roster_id": roster.roster_id,
        "on_duty": roster.on_duty,
        "stand_in": roster.stand_in,
        "paused_until_time": roster.paused_until_time,
        "nights_woken": roster.nights_woken,
        "shifts": [
            {"actor": shift.actor, "start_time": shift.start_time, "end_time": shift.end_time}
            for shift in roster.shifts
        ],
        "version": roster.version,
    }


def _terms(terms: Terms) -> dict[str, Any]:
    return {field.name: getattr(terms, field.name) for field in fields(terms)}


def _hold(hold: Hold | None) -> dict[str, Any] | None:
    return None if hold is None else {"state": hold.state, "items": hold.items, "expire_time": hold.expire_time}

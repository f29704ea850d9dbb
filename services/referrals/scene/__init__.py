"""
What may happen to a referral, decided in memory: moves on a scene, without clock, storage or wire.

A scene is a referral as it was locked, with its needs, offers, holds, places and open
tasks. A move checks the table and the guards, replaces values, and notes events; the
store then writes whatever was replaced.
"""

from services.referrals.scene.answers import accept, acknowledge, decline, has_accepted
from services.referrals.scene.arrivals import arrive, complete, depart, fail
from services.referrals.scene.asking import Ask, ask, create, leave_open, require_in_use, require_referable
from services.referrals.scene.bargaining import YesIf, agree, answer_info, ask_info, propose, refuse, waitlist
from services.referrals.scene.ending import cancel, revoke, stop_service, void, void_offer, withdraw
from services.referrals.scene.next_steps import ask_next, close_task, give_up, is_due, remind, wait_again
from services.referrals.scene.probing import answer_probe, defer, probe, send
from services.referrals.scene.scene import House, Scene
from services.referrals.scene.silence import lapse_hold, let_time_pass
from services.referrals.scene.working import WorkingTime

__all__ = [
    "Ask",
    "House",
    "Scene",
    "WorkingTime",
    "YesIf",
    "accept",
    "acknowledge",
    "agree",
    "answer_info",
    "answer_probe",
    "arrive",
    "ask",
    "ask_info",
    "ask_next",
    "cancel",
    "close_task",
    "complete",
    "create",
    "decline",
    "defer",
    "depart",
    "fail",
    "give_up",
    "has_accepted",
    "is_due",
    "lapse_hold",
    "leave_open",
    "let_time_pass",
    "probe",
    "propose",
    "refuse",
    "remind",
    "require_in_use",
    "require_referable",
    "revoke",
    "send",
    "stop_service",
    "void",
    "void_offer",
    "wait_again",
    "waitlist",
    "withdraw",
]

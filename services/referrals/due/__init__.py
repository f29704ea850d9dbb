"""What happens by the clock: rungs of silence, reminders of senders, the next provider by itself."""

from services.referrals.due.corrections import send_corrections
from services.referrals.due.erasing import erase_cases
from services.referrals.due.rematch import Rematcher
from services.referrals.due.rewrapping import Rewrapper
from services.referrals.due.rungs import escalate_tasks, remind_senders, take_rungs
from services.referrals.due.steady import SteadyClock

__all__ = [
    "Rematcher",
    "Rewrapper",
    "SteadyClock",
    "erase_cases",
    "escalate_tasks",
    "remind_senders",
    "send_corrections",
    "take_rungs",
]

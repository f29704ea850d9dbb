"""What a row says of its provider whoever asks, in one record each: one look at memory that lies far away."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.matching.index.facets import Column, Numbers, Vocabulary
from services.matching.index.times import NEVER, Microseconds
from services.matching.model.hours import hours_of
from services.matching.model.needed import decisive_of
from services.matching.model.provider import Provider, ReachOut, VettingState

Facts = npt.NDArray[Any]  #: records of `FACT`

UNKNOWN_HOURS: Final = -1  #: in place of the number of hours: nobody knows them
NOT_WRITTEN: Final = -1  #: in place of where the bytes begin
LONG_AGO: Final = -NEVER  #: before any time
REACH_OTHER, REACH_ENROLLED, REACH_NONE = range(3)
_REACHES: Final = {ReachOut.ENROLLED: REACH_ENROLLED, ReachOut.NONE: REACH_NONE}

#: of a provider
FACT: Final = np.dtype(
    [
        ("heard_us", np.int64),  # when its receiver was last heard; `LONG_AGO` if never
        ("vetting_ends_us", np.int64),  # of whatever vetting there is; `NEVER` without an end
        ("begin", np.int64),  # of what it says of itself, as bytes in the arena; `NOT_WRITTEN` at first
        ("length", np.int32),  # of these bytes
        ("hours", np.int32),  # the number of its hours in the vocabulary, without what is announced
        ("decisive", np.int16),  # by which facts of a person its rules decide, see `model.needed`
        ("reach", np.int8),  # how a referral reaches it
        ("is_confidential", np.bool_),
        ("was_vetted", np.bool_),  # and is, until that ends
    ],
    align=True,
)


def facts_of(
    providers: Sequence[Provider],
    read: dict[str, Column],
    vocabulary: Vocabulary,
    *,
    heard_us: Microseconds,
    vetting_ends_us: Microseconds,
) -> Facts:
    """
    Gather the facts of providers.

    Args:
        providers: In the order of the block.

        read: The number of what each has of an attribute.

        vocabulary: What the numbers mean.

        heard_us: When the receiver of each was last heard, `NEVER` if it was not.

        vetting_ends_us: When the vetting of each ends.
    """
    facts = np.zeros(len(providers), dtype=FACT)
    facts["heard_us"] = np.where(heard_us == NEVER, LONG_AGO, heard_us)
    facts["vetting_ends_us"] = vetting_ends_us
    facts["begin"] = NOT_WRITTEN
    facts["hours"] = hours_numbers(providers, vocabulary.hours)
    for name, attribute, meaning in (
        ("decisive", "rules", decisive_of),
        ("reach", "reach_out", lambda each: _REACHES.get(each, REACH_OTHER)),
        ("was_vetted", "vetting", lambda each: each is VettingState.VETTED),
    ):
        facts[name] = np.array([*map(meaning, vocabulary.values(attribute)), 0])[read[attribute]]
    facts["is_confidential"] = [each.is_confidential for each in providers]
    return facts


def hours_numbers(providers: Sequence[Provider], numbers: Numbers) -> list[int]:
    """Number the hours that providers keep where nothing is announced."""
    return [
        numbers[hours_of(each, ())] if each.schedules or each.hours_exceptions else UNKNOWN_HOURS for each in providers
    ]

"""Draws the life of offers and referrals into docs/referral-life.md, from the tables in the code, for `make docs`."""

from collections.abc import Iterable
from pathlib import Path

from services.referrals.model import CLOSED, OfferState, ReferralState
from services.referrals.referral import OFFER_TABLE, REFERRAL_TABLE, Transition

PAGE = Path(__file__).resolve().parent.parent / "docs" / "referral-life.md"
BEGIN, END = "<!-- drawn by `make docs` -->", "<!-- until here -->"
#: more sources than this are drawn as one: a picture with every arrow shows nothing
MANY = 6


def main() -> None:
    """Replace what stands between the marks."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(page: str) -> str:
    """Return a page with the pictures and the tables between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{drawn()}\n{END}{after}"


def drawn() -> str:
    """Draw the offer, its table, and the referral."""
    return "\n".join(
        ["## An offer", "", *offer_picture(), "", *offer_table(), "", "## A referral", "", *referral_picture()]
    )


def offer_picture() -> Iterable[str]:
    """Draw the moves of an offer; those out of many states are in the table alone."""
    yield "```mermaid"
    yield "stateDiagram-v2"
    for row in OFFER_TABLE:
        if len(row.sources) <= MANY:
            for source in _ordered(row.sources):
                yield f"    {source} --> {row.target}: {row.move}"
    for state in OfferState:
        if state in CLOSED:
            yield f"    {state} --> [*]"
    yield "```"


def offer_table() -> Iterable[str]:
    """Write every row of the table."""
    yield "| from | move | to | who | guard | clock | event |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for row in OFFER_TABLE:
        who = ", ".join(sorted(row.actors))
        clock = row.clock or "none: it is closed"
        yield f"| {_from(row)} | `{row.move}` | `{row.target}` | {who} | {row.guard} | {clock} | `{row.event}` |"


def referral_picture() -> Iterable[str]:
    """Draw the moves of a referral."""
    yield "```mermaid"
    yield "stateDiagram-v2"
    for (source, turn), target in REFERRAL_TABLE.items():
        if target is not ReferralState.ENTERED_IN_ERROR:
            yield f"    {source} --> {target}: {turn}"
    yield "```"


def _from(row: Transition) -> str:
    missing = set(OfferState) - row.sources
    if len(missing) < MANY:
        return "any but " + ", ".join(f"`{state}`" for state in _ordered(missing))
    return ", ".join(f"`{state}`" for state in _ordered(row.sources))


def _ordered(states: Iterable[OfferState]) -> list[OfferState]:
    order = list(OfferState)
    return sorted(states, key=order.index)


if __name__ == "__main__":
    main()

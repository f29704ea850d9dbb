"""Code that is written finds what a look at one fact after the other finds."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.index.lookups import look_up

FACTS = ("when", "need.code", "need.service.kind", "person.sex", "person.company")
VALUES = st.none() | st.booleans() | st.integers(0, 3) | st.frozensets(st.sampled_from("abc"))
NAMES = st.lists(st.sampled_from(FACTS), unique=True, max_size=3).map(tuple)


class Numbered(dict[Any, bytes]):
    """Gives what is asked for first the next number, as answers do."""

    def __init__(self, table_no: int) -> None:
        self.table_no = table_no

    def __missing__(self, key: Any) -> bytes:
        self[key] = bytes([self.table_no, len(self)])
        return self[key]


def a_question(**facts: Any) -> Any:
    asked = SimpleNamespace(need=SimpleNamespace(service=SimpleNamespace()), person=SimpleNamespace())
    for name, fact in facts.items():
        *above, last = name.split(".")
        bearer: Any = asked
        for each in above:
            bearer = getattr(bearer, each)
        setattr(bearer, last, fact)
    return asked


QUESTIONS = st.fixed_dictionaries(dict.fromkeys(FACTS, VALUES))


@given(st.lists(NAMES, max_size=6), st.lists(QUESTIONS, min_size=1, max_size=5))
def test_each_table_is_asked_by_its_own_facts(asks: list[tuple[str, ...]], questions: list[dict[str, Any]]) -> None:
    tables, others = ([Numbered(number) for number in range(len(asks))] for _ in range(2))
    look = look_up(list(zip(asks, tables, strict=True)))

    for facts in questions:
        asked = a_question(**facts)
        keys = [facts[names[0]] if len(names) == 1 else tuple(facts[name] for name in names) for names in asks]

        found = look(asked, asked.need, asked.person)

        assert b"".join(found) == b"".join(table[key] for table, key in zip(others, keys, strict=True))
    assert tables == others  # and nothing is kept by anything else


def test_what_hangs_on_no_fact_is_one_piece_with_its_neighbours() -> None:
    tables = [Numbered(number) for number in range(4)]
    look = look_up(list(zip([(), (), ("when",), ()], tables, strict=True)))

    assert len(look(a_question(when=1), None, None)) == 3  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["when or exit()", "need.", "person.sex,", ""])
def test_no_code_is_written_but_names(name: str) -> None:
    with pytest.raises(ValueError, match="names of attributes"):
        look_up([((name,), {})])

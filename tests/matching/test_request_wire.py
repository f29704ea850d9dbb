"""Every fact that a request may hold is read: none is passed over because nobody thought of it."""

from ihala.matching.v1 import matching_pb2 as pb
from services.matching.wire import person_wire, request_wire

#: why a fact is absent decides nothing here
ABSENCE = "_absence"


def test_every_fact_of_a_person_is_read() -> None:
    told = {each.name for each in pb.Person.DESCRIPTOR.fields if not each.name.endswith(ABSENCE)}

    assert told == set(person_wire.READERS)


def test_everything_that_is_said_of_a_need_is_read() -> None:
    told = {each.name for each in pb.Need.DESCRIPTOR.fields}

    assert told == {"code", *request_wire.NEED_READERS}

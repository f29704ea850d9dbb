"""A row that is put together from fragments reads as the one that is written whole."""

from typing import Any

from hypothesis import given, settings

from ihala.matching.v1 import matching_pb2 as pb
from services.matching.index.snapshot import Snapshot
from services.matching.model.provider import Contact, Provider, Text
from services.matching.model.request import Asked
from services.matching.ranking import find
from services.matching.wire.fragments import row_to_bytes, varint
from services.matching.wire.response_wire import match_to_wire
from tests.matching.samples import NOON, a_provider, asked
from tests.matching.test_index import QUESTIONS, directories


@settings(max_examples=60, deadline=None)
@given(directories(), QUESTIONS)
def test_a_row_of_fragments_reads_as_the_row_itself(providers: list[Provider], question: Asked) -> None:
    answer = find(Snapshot.of("epoch", 1, providers), question, 20)

    for row in (*answer.matches, *answer.ask_first):
        assert pb.Match.FromString(row_to_bytes(row)) == match_to_wire(row)


def test_what_a_provider_says_is_in_it_and_changes_with_it() -> None:
    facts: dict[str, Any] = {
        "names": (Text(language="ar", text="البيت"),),
        "contacts": (Contact(kind="phone", value="+218 21 000 0000"),),
        "dataset": "clinics",
        "source_key": "7",
        "receiver_heard_time": NOON,
    }
    for name in ("البيت", "البيت الجديد"):
        provider = a_provider("p-1", **facts | {"names": (Text(language="ar", text=name),)})
        (row,) = find(Snapshot.of("epoch", 1, [provider]), asked(), 1).matches

        read = pb.Match.FromString(row_to_bytes(row))

        assert read == match_to_wire(row)
        assert [each.text for each in read.names] == [name]


def test_a_number_is_written_as_protobuf_writes_it() -> None:
    for number in (0, 1, 127, 128, 300, 2**31, 2**63 - 1):
        written = pb.Excluded(provider_count=number).SerializeToString()

        assert written == (b"\x10" + varint(number) if number else b"")

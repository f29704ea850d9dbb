"""What a mapping says once for a file and what each row says come to the same records."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ihala.directory.v1 import directory_pb2 as pb
from services.directory.importing.hours import schedules_of
from services.directory.model import Claim, Provider, ReachOut, Reporting, Status, VettingState
from services.directory.model.imports import RowResult
from services.directory.wire.provider_wire import provider_from_wire, told_to_wire
from services.errors import InvalidInput
from tests.directory.import_files import HEADER, MAPPING, a_mapping, results_of

WORDS = {
    "status": Status,
    "reach_out": ReachOut,
    "vetting": VettingState,
    "reporting": Reporting,
    "co_located": Claim,
    "works_across_borders": Claim,
    "free_of_charge": Claim,
    "detention": Claim,
}
chosen = st.fixed_dictionaries(
    {key: st.sampled_from([word.name.lower() for word in kind]) for key, kind in WORDS.items()}
)


@given(words=chosen, texts=st.lists(st.sampled_from(["Dar", " Bayt ", "", "  ", "é:\\"]), min_size=2, max_size=2))
@settings(max_examples=60, deadline=None)
def test_a_constant_and_a_column_say_the_same(words: dict[str, str], texts: list[str]) -> None:
    lines = {key: f'{key} = "{word}"' for key, word in words.items()}
    columns = {key: f'{key} = {{ from = "{key}" }}' for key in words}
    row = f"1,{texts[0]},{texts[1]},32.8,13.1,yes"

    constant = _read(lines, HEADER + row)
    read = _read(columns, f"{HEADER.strip()},{','.join(words)}\n{row},{','.join(words.values())}")

    assert constant == read


def _read(lines: dict[str, str], content: str) -> list[RowResult]:
    rest = "\n".join(line for key, line in lines.items() if key not in {"status", "reach_out"})
    text = MAPPING.replace('status = "active"', f"{lines['status']}\n{rest}")
    with TemporaryDirectory() as folder:
        text = text.replace('reach_out = "telephone"', lines["reach_out"])
        return results_of(Path(folder), content, a_mapping(text))


@given(key=st.text(st.characters(codec="utf-8", exclude_characters='\r\n\0"'), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_key_of_one_column_is_escaped_as_one_of_several(key: str) -> None:
    content = HEADER + f'"{key}",Dar,Bayt,1,1,yes'
    with TemporaryDirectory() as folder:
        (one,) = results_of(Path(folder), content)
        (two,) = results_of(Path(folder), content, a_mapping(key='["id", "id"]'))

    assert two.source_key == (f"{one.source_key}:{one.source_key}" if one.source_key else "")


def test_what_was_refused_once_is_refused_again_and_what_was_read_is_read_again() -> None:
    good, bad = (
        pb.ServiceClaim(code="ACC-EMG", claim=pb.CLAIM_YES),
        pb.ServiceClaim(code="ACC-NONE", claim=pb.CLAIM_YES),
    )
    for _ in range(2):
        assert provider_from_wire(_message(good)).claims[0].claim is Claim.YES
        with pytest.raises(InvalidInput) as refused:
            provider_from_wire(_message(good, bad))
        assert [each.field for each in refused.value.fields] == ["claims[1].code"]


def _message(*claims: pb.ServiceClaim) -> pb.Provider:
    message = told_to_wire(Provider(service_id="s", location_id="l", status=Status.ACTIVE))
    message.claims.extend(claims)
    return message


@pytest.mark.parametrize("text", ["24/7", "Mo-Fr 08:00-17:00", "on appointment"])
def test_hours_that_a_file_says_again_are_the_same(text: str) -> None:
    assert schedules_of(text) == schedules_of(text)

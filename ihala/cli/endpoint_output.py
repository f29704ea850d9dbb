"""Show where a desk or a system is told: states and times, never an address."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console

from ihala.cli.output import Format, a_table, add_row, emit, local_text
from ihala.endpoint_client import Endpoint

#: what is to be done so that something is sent there
NEXT: Final = {
    "unproven": "nothing is sent there before it has sent its challenge back: `ihala receiver channels resume {id}`",
    "awaiting_approval": "nothing is sent there before a second person: `ihala receiver channels approve {id}`",
    "paused": "nothing is sent there before `ihala receiver channels resume {id}`",
}


def emit_endpoints(found: Sequence[Endpoint], form: Format) -> None:
    """Print endpoints as a table, or as a document."""

    def show(console: Console) -> None:
        table = a_table("endpoint", "channel", "state", "order", "quiet", "heard", "registered")
        for each in found:
            state = f"{each.state} ({each.pause_code})" if each.pause_code else each.state
            times = (each.heard_time, each.create_time)
            add_row(
                table,
                each.endpoint_id,
                each.channel,
                state,
                str(each.order_no),
                _quiet_text(each),
                *map(local_text, times),
            )
        console.print(table if found else "none")
        for each in found:
            if each.public_key and len(found) == 1:
                console.print(f"signatures are verified with {each.public_key}")
            if len(found) == 1 and each.state in NEXT:
                console.print(NEXT[each.state].format(id=each.endpoint_id))

    emit({"endpoints": [_document(each) for each in found]}, form, show)


def _quiet_text(endpoint: Endpoint) -> str:
    quiet = endpoint.quiet
    return "" if quiet is None else f"{quiet.start:%H:%M}-{quiet.end:%H:%M} {quiet.time_zone}"


def _document(endpoint: Endpoint) -> dict[str, object]:
    return {
        "endpoint_id": endpoint.endpoint_id,
        "receiver_id": endpoint.receiver_id,
        "client_id": endpoint.client_id,
        "channel": endpoint.channel,
        "state": endpoint.state,
        "order_no": endpoint.order_no,
        "quiet": _quiet_text(endpoint),
        "language": endpoint.language,
        "time_zone": endpoint.time_zone,
        "public_key": endpoint.public_key,
        "create_time": endpoint.create_time,
        "heard_time": endpoint.heard_time,
        "pause_time": endpoint.pause_time,
        "pause_code": endpoint.pause_code,
        "end_time": endpoint.end_time,
    }

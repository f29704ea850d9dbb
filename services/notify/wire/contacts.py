"""Translate the messages about whom to ring."""

from collections.abc import Sequence

from ihala.notify.v1 import notify_pb2 as pb


def contact_set(client_id: str, phones: Sequence[str], *, replayed: bool) -> pb.SetContactResponse:
    """Answer with what is kept."""
    return pb.SetContactResponse(contact=pb.Contact(client_id=client_id, phones=phones), replayed=replayed)


def contact_got(client_id: str, phones: Sequence[str]) -> pb.GetContactResponse:
    """Answer with what is known."""
    return pb.GetContactResponse(contact=pb.Contact(client_id=client_id, phones=phones))

"""What a service costs, on the wire."""

from ihala.directory.v1 import directory_pb2 as pb
from services.directory.model import CostOption, inside
from services.directory.wire.values_wire import period_from_wire, period_to_wire, texts_from_wire, texts_to_wire


def cost_from_wire(cost: pb.CostOption) -> CostOption:
    return CostOption(
        amount=cost.amount,
        currency=cost.currency,
        descriptions=texts_from_wire("descriptions", cost.descriptions),
        valid=inside("valid", period_from_wire, cost.valid),
    )


def cost_to_wire(cost: CostOption) -> pb.CostOption:
    return pb.CostOption(
        amount=cost.amount,
        currency=cost.currency,
        descriptions=texts_to_wire(cost.descriptions),
        valid=period_to_wire(cost.valid),
    )

"""Keep the Web Push subscriptions of browsers: one a device, and it ends with the device."""

from datetime import datetime
from uuid import uuid4

from services.notify.endpoint import Endpoint, EndpointState
from services.notify.model import Channel, PageDevice
from services.notify.store.addresses import AddressSealer
from services.notify.store.endpoint_rows import Target, end_endpoints_of_device, insert_endpoint
from services.notify.store.rows import NOTIFY
from services.runtime.postgres import Act, Pool, read, transaction

PUSH_ORDER = 0  #: a page that is closed rings by it at once


class SubscriptionStore:
    """
    Subscriptions in PostgreSQL, as endpoints of the channel `push`.

    Args:
        pool: Of notify.

        sealer: Seals their addresses.
    """

    def __init__(self, pool: Pool, sealer: AddressSealer) -> None:
        self._pool = pool
        self._sealer = sealer

    async def subscribe(self, device: PageDevice, url: str, language: str, now: datetime) -> str:
        """
        Let a browser be woken from now on; its subscription before ends.

        Args:
            device: Whose it is; enrolled, as its cookie says.

            url: Of its push service, as `EgressRules.read` has put it together.

            language: Of its pages.

            now: The time of it.

        Returns:
            The endpoint's id.
        """
        endpoint = Endpoint(
            endpoint_id=uuid4().hex,
            receiver_id=device.receiver_id,
            device_id=device.device_id,
            channel=Channel.PUSH,
            state=EndpointState.ACTIVE,
            order_no=PUSH_ORDER,
            language=language,
            time_zone=device.time_zone,
            create_time=now,
        )
        target = Target(endpoint=endpoint, address=url, signing_key=None)
        act = Act(action="push.subscribe", object_kind="device", object_id=device.device_id)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await end_endpoints_of_device(connection, device.device_id, now)
            # the same browser, enrolled anew: it is woken once
            await connection.execute(
                """
                UPDATE endpoint SET state = 'ended', end_time = %s, sealed_address = NULL
                WHERE receiver_id = %s AND channel = 'push' AND address_digest = %s AND end_time IS NULL
                """,
                [now, device.receiver_id, self._sealer.digest(Channel.PUSH, url)],
            )
            await insert_endpoint(connection, self._sealer, target, NOTIFY, needs_approval=False, now=now)
        return endpoint.endpoint_id

    async def is_subscribed(self, device_id: str) -> bool:
        """Say whether a browser is woken."""
        async with read(self._pool) as connection:
            found = await connection.execute(
                "SELECT 1 FROM endpoint WHERE device_id = %s AND state = 'active' AND end_time IS NULL", [device_id]
            )
            return await found.fetchone() is not None

    async def unsubscribe(self, device_id: str, now: datetime) -> None:
        """Let a browser sleep from now on."""
        act = Act(action="push.unsubscribe", object_kind="device", object_id=device_id)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await end_endpoints_of_device(connection, device_id, now)

"""Every read of a confidential record says who, what for and in which case (R15)."""

import hashlib
from contextlib import aclosing
from typing import Any

import pytest

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.errors import InvalidInput
from tests.directory.house import House


async def reads(house: House) -> list[tuple[Any, ...]]:
    async with house.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT action, client_id, actor, purpose, case_hash, record_hashes FROM confidential_read ORDER BY seq"
        )
        return await cursor.fetchall()


def hashed(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


async def test_a_read_is_kept_with_actor_purpose_and_case_r15(house: House) -> None:
    location = await house.location(disclosure=pb.DISCLOSURE_AREA)
    provider = await house.provider(location=location)
    public = await house.provider()
    said = [("x-ihala-actor", "worker-7"), ("x-ihala-purpose", "welfare_check"), ("x-ihala-case", "C-12")]

    await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id), metadata=said)
    await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=public.provider_id))
    await house.editor.ListProviders(rpc_pb.ListProvidersRequest())
    await house.editor.GetLocation(rpc_pb.GetLocationRequest(location_id=location.location_id))
    await house.coordinator.ListProviders(rpc_pb.ListProvidersRequest())
    async with aclosing(house.service.WatchProviders(rpc_pb.WatchProvidersRequest())) as pages:
        async for _ in pages:
            break

    own = [hashed(provider.provider_id)]
    assert await reads(house) == [
        ("provider.get", "client-1", "worker-7", "welfare_check", hashed("C-12"), own),
        ("provider.list", "client-1", "client-1", None, None, own),
        ("location.get", "client-1", "client-1", None, None, [hashed(location.location_id)]),
        ("provider.watch", "client-1", "client-1", None, None, []),
    ]
    async with house.pool.connection() as connection:
        cursor = await connection.execute("SELECT count(*) FROM audit WHERE action LIKE '%.confidential'")
        assert await cursor.fetchone() == (4,)


async def test_a_purpose_is_a_code_and_a_case_is_opaque_r15(house: House) -> None:
    provider = await house.provider(location=await house.location(disclosure=pb.DISCLOSURE_AREA))

    for said in (("x-ihala-purpose", "She is in danger"), ("x-ihala-case", "a b")):
        with pytest.raises(InvalidInput) as caught:
            await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id), metadata=[said])
        assert caught.value.fields[0].field == said[0]

"""Who shares places or a location with whom is found by sorted hashes as by asking everybody (R25)."""

from hypothesis import given
from hypothesis import strategies as st

from services.matching.index.kin import Names, hashes_of
from services.matching.model.provider import Provider
from services.matching.model.safety import Kin
from tests.matching.samples import a_provider

IDS = st.sampled_from([f"p-{number}" for number in range(40)])
POOLS = st.sampled_from([f"beds-{number}" for number in range(5)])
LOCATIONS = st.sampled_from(["", *(f"street {number}" for number in range(5))])
PROVIDERS = st.lists(
    st.builds(lambda name, pool, location: a_provider(name, pool_id=pool, location_id=location), IDS, POOLS, LOCATIONS),
    max_size=60,
)
KINS = st.builds(
    Kin,
    st.frozensets(IDS | st.just("gone"), max_size=20),
    st.frozensets(POOLS, max_size=3),
    st.frozensets(LOCATIONS.filter(bool), max_size=3),
)


@given(PROVIDERS, KINS)
def test_r25_kin_are_found_by_their_names_as_by_asking_each(providers: list[Provider], kin: Kin) -> None:
    found = Names(hashes_of(providers)).rows_like(kin)

    assert found == [row for row, each in enumerate(providers) if kin.has(each)]

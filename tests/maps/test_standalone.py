"""A map as one file: whole, or not at all."""

import re
from pathlib import Path

import pytest

from services.errors import InvalidInput, Reason, Unavailable
from services.maps.standalone import render_standalone
from services.runtime.auth import Role
from tests.maps.scene import TRIPOLI, a_directory, a_provider, a_scene, area_cell


async def test_the_file_names_no_host_and_loads_nothing(tmp_path: Path) -> None:
    async with a_scene(tmp_path, directory=a_directory([a_provider()], {area_cell(TRIPOLI): 6})) as scene:
        html = await render_standalone(scene.to_directory, scene.to_referrals, now=scene.clock, service="HEA")

    assert re.findall(r"<(?:script|img|iframe)[^>]* src=", html) == []
    assert re.findall(r"<link[^>]*stylesheet", html) == []
    assert re.findall(r"url\((?!data:)(?!#)[^)]*\)", html) == []
    assert html.count("</script>") == html.count("<script>") == 5


async def test_who_may_not_count_referrals_gets_the_rest(tmp_path: Path) -> None:
    async with a_scene(tmp_path, roles=[Role.DIRECTORY_EDITOR]) as scene:
        html = await render_standalone(scene.to_directory, scene.to_referrals, now=scene.clock)

    assert "Referrals by area: the referrals service does not answer." in html


async def test_without_the_directory_there_is_no_file(tmp_path: Path) -> None:
    async with a_scene(tmp_path, directory_is_there=False) as scene:
        with pytest.raises(Unavailable):
            await render_standalone(scene.to_directory, scene.to_referrals, now=scene.clock)


async def test_a_code_that_is_not_known_is_refused(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        with pytest.raises(InvalidInput) as caught:
            await render_standalone(scene.to_directory, scene.to_referrals, now=scene.clock, service="XXX")

    assert caught.value.reason is Reason.UNKNOWN_CODE

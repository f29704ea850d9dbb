"""What the documents say of the code is so: settings, methods, tests, commands, events, links."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from ihala.cli.app import app
from scripts import document_methods
from services.runtime.methods import METHODS
from services.runtime.settings import ProcessSettings, ServiceSettings

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
SERVICES = ("directory", "matching", "referrals", "notify", "maps", "gateway")
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#]*)(#[^)]*)?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
SETTING_ROW = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
ADR_PARTS = ["Context", "Decision", "Chosen among", "Consequences"]


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md")), *sorted((ROOT / "demo").glob("*.md"))]


def section(text: str, title: str) -> str:
    """Return what stands below a heading of the second level."""
    found = re.search(rf"^## {re.escape(title)}.*?$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def anchors(page: Path) -> set[str]:
    """List a page's headings as links name them."""
    titles = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_is_explained(service: str) -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    kind: type[ProcessSettings] = importlib.import_module(f"services.{service}.settings").Settings
    common = set(SETTING_ROW.findall(section(page, "Every service")))
    own = set(SETTING_ROW.findall(section(page, service.capitalize())))
    shared = {name.upper() for name in ServiceSettings.model_fields}
    fields = {name.upper() for name in kind.model_fields}

    assert common == shared
    assert own | (fields & shared) == fields


def test_who_may_call_what_is_as_the_code_has_it() -> None:
    page = document_methods.PAGE.read_text(encoding="utf-8")

    assert page == document_methods.with_tables(page, METHODS), "run `make docs`"


def test_every_invariant_is_held_by_a_test_that_exists() -> None:
    table = section((DOCS / "architecture.md").read_text(encoding="utf-8"), "Invariants")
    rows = [line for line in table.splitlines() if line.startswith("| ")][2:]
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", table))

    assert [row for row in rows if "`test_" not in row] == []
    assert [name for name in named if f"def {name}(" not in tests] == []


@pytest.mark.parametrize("page", documents(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target, anchor in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and anchor[1:] not in anchors(file)):
            broken.append(f"{target}{anchor}")

    assert broken == []


def test_every_document_is_found_from_the_first_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")

    assert [page.name for page in DOCS.glob("*.md") if page.name != "README.md" and f"({page.name})" not in index] == []
    assert "(docs/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_decisions_are_numbered_listed_and_whole() -> None:
    pages = sorted((DOCS / "adr").glob("[0-9]*.md"))
    index = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")
    for number, page in enumerate(pages, start=1):
        text = page.read_text(encoding="utf-8")
        title = text.splitlines()[0].removeprefix(f"# {number}. ")

        assert page.name.startswith(f"{number:04d}-"), page.name
        assert f"| [{number:04d}]({page.name}) | {title} |" in index
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ADR_PARTS, page.name
        assert len(text.splitlines()) <= 40, page.name


def commands_named() -> Iterator[tuple[str, list[str]]]:
    """Yield each `ihala …` that stands in code, as (document, words)."""
    for page in documents():
        for code in CODE.findall(page.read_text(encoding="utf-8")):
            for words in re.findall(r"(?<![\w./'\[-])ihala((?: [a-z][a-z-]*)+)", code):
                yield page.name, words.split()


def test_every_command_that_is_named_exists() -> None:
    root: Any = typer.main.get_command(app)
    unknown = []
    for page, words in commands_named():
        group = root.commands.get(words[0])
        if group is None:
            unknown.append(f"{page}: {words[0]}")
        elif hasattr(group, "commands") and len(words) > 1 and words[1] not in group.commands:
            unknown.append(f"{page}: {words[0]} {words[1]}")

    assert unknown == []


def test_after_a_restore_an_operator_types_a_command_that_is_there_and_no_sql() -> None:
    """F29; `tests/faults/test_restore.py` restores a house by the other commands of the page."""
    page = section((DOCS / "operations.md").read_text(encoding="utf-8"), "Restore")
    tool: Any = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]["epochs"]

    assert "UPDATE " not in page
    assert "compose.yaml run --rm epochs`" in page
    assert tool["command"] == ["ihala", "epochs", "renew"]
    assert f"`{' '.join(tool['command'])}`" in page


def test_every_event_that_an_operator_is_told_of_is_logged() -> None:
    table = section((DOCS / "operations.md").read_text(encoding="utf-8"), "Looking at it")
    events = set(re.findall(r"`([a-z]+\.[a-z_]+)`", table))
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "services").rglob("*.py"))

    assert {"rpc.failed", "nats.away"} <= events
    assert [event for event in events if f'"{event}"' not in code] == []


def test_pictures_of_the_readme_are_small() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))

    assert shown == ["docs/pictures/map.png", "docs/pictures/answer-page.png"]
    assert [name for name in shown if (ROOT / name).stat().st_size > 200_000] == []

"""Writes who may call what into docs/security.md, from the table in services/runtime/methods.py, for `make docs`."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from services.runtime.auth import Role
from services.runtime.methods import METHODS, ObjectRule, Rule

PAGE = Path(__file__).resolve().parent.parent / "docs" / "security.md"
BEGIN, END = "<!-- written by `make docs` -->", "<!-- until here -->"


def main() -> None:
    """Replace what stands between the marks."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), METHODS), encoding="utf-8")


def with_tables(page: str, methods: Mapping[str, Rule]) -> str:
    """Return a page with the tables of these methods between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables(methods)}\n{END}{after}"


def tables(methods: Mapping[str, Rule]) -> str:
    """Write a table for each service; methods with the same rule share a row."""
    services: dict[str, dict[Rule, list[str]]] = {}
    for full_name, rule in methods.items():
        _, service, method = full_name.split("/")
        services.setdefault(service, {}).setdefault(rule, []).append(method)
    lines = []
    for service, rows in services.items():
        lines += ["", f"### {service}", "", "| methods | roles | objects |", "| --- | --- | --- |"]
        lines += [f"| {_code(names)} | {_roles(rule)} | {_objects(rule)} |" for rule, names in rows.items()]
    return "\n".join([*lines, ""])


def _roles(rule: Rule) -> str:
    if rule.is_open:
        return "everybody, without a token"
    return "any role" if rule.roles == set(Role) else _code(role for role in Role if role in rule.roles)


def _objects(rule: Rule) -> str:
    return "any" if rule.objects is ObjectRule.NONE else f"`{rule.objects}`"


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


if __name__ == "__main__":
    main()

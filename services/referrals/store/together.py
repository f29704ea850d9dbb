"""Statements that change tables, sent as one: one way to the database and one plan instead of several."""

from typing import Any, Final, LiteralString

from services.runtime.postgres import Connection

SEPARATOR: Final = ", "


class Together:
    """
    Statements that stand for themselves: none sees what another does, and their order is not said.

    References between their rows are checked when all are done.
    """

    def __init__(self) -> None:
        self._statements: list[LiteralString] = []
        self._parameters: dict[str, Any] = {}

    def add(self, statement: LiteralString, **parameters: Any) -> None:
        """
        Add one.

        Args:
            statement: An INSERT, UPDATE or DELETE, the same text each time so that it is planned once.

            parameters: By name; no two statements have one of the same name.
        """
        if self._parameters.keys() & parameters.keys():
            raise ValueError("a name of a parameter is taken")
        self._statements.append(statement)
        self._parameters.update(parameters)

    async def write(self, connection: Connection) -> None:
        """Send them all."""
        if not self._statements:
            return
        *others, last = self._statements
        named: list[LiteralString] = [f"other_{number} AS ({each})" for number, each in enumerate(others)]
        begin: LiteralString = f"WITH {SEPARATOR.join(named)} " if named else ""
        await connection.execute(begin + last, self._parameters)

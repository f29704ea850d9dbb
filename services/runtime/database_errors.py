"""
Translates what the driver raises, once.

Rule of this file: the text of a driver's error never goes anywhere. It carries values
(`Key (case_ref)=(...)`); the SQLSTATE and the constraint's name say as much.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog

from services.errors import Unavailable

log = structlog.get_logger()

RETRY_AFTER_S = 1.0
NO_STATE = "none"  #: no answer came from the server at all


class QueryFailed(Exception):  # named for what is wrong, as everywhere
    """
    A statement failed in a way that no retry cures: a fault of ours.

    Args:
        sqlstate: Five characters, or `none`.

        constraint: The name of the constraint that refused the row, if one did.
    """

    def __init__(self, sqlstate: str, constraint: str | None) -> None:
        super().__init__(f"SQLSTATE {sqlstate}, constraint {constraint}")
        self.sqlstate = sqlstate
        self.constraint = constraint


@contextmanager
def translated() -> Iterator[None]:
    """
    Let no error of the driver pass.

    Raises:
        Unavailable: The server is away, the pool exhausted, a lock or a statement timed
            out, or two transactions were in each other's way: the same again may succeed.

        QueryFailed: Anything else that the driver raised.
    """
    try:
        yield
    except psycopg.Error as error:
        raise _neutral(error) from None  # the original, in a traceback, would show its text


def _neutral(error: psycopg.Error) -> Unavailable | QueryFailed:
    sqlstate = error.sqlstate or NO_STATE
    # psycopg_pool's PoolTimeout, PoolClosed and TooManyRequests are OperationalErrors too
    if isinstance(error, psycopg.OperationalError | psycopg.errors.IdleInTransactionSessionTimeout):
        log.warning("database.unavailable", kind=type(error).__name__, sqlstate=sqlstate)
        return Unavailable("the database did not answer in time", retry_after_s=RETRY_AFTER_S)
    constraint = error.diag.constraint_name
    log.error("database.failed", kind=type(error).__name__, sqlstate=sqlstate, constraint=constraint)
    return QueryFailed(sqlstate, constraint)

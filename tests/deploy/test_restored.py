"""A deployment's database is restored with the rights of its roles, and the operator's tool renews it (F29)."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from ihala.cli.deployment import DATABASE, DATABASE_ROLES, SUPERUSER, Broker, make_deployment
from services.runtime.embedded import postgres
from services.runtime.embedded.processes import Supervisor
from services.runtime.migrate import migrate
from tests.deploy.composition import ROOT, environment_of, service
from tests.deploy.test_started import STATE, prepare
from tests.faults.backups import back_up, restore

RIGHTS = """
    SELECT rolname, has_database_privilege(rolname, current_database(), 'CREATE'),
           (SELECT array_agg(nspname::text) FROM pg_namespace WHERE nspowner = pg_roles.oid)
    FROM pg_roles WHERE rolname = ANY(%s) ORDER BY rolname"""


@pytest.mark.long
def test_a_restored_deployment_has_its_roles_rights_and_new_epochs(tmp_path: Path) -> None:
    folder, dump = tmp_path / "deployed", tmp_path / "ihala.dump"
    make_deployment(folder, lambda: datetime.now(UTC), Broker())
    password = (folder / "postgres" / "superuser_password").read_text()
    with Supervisor(tmp_path / "engine") as supervisor:
        server = postgres.start(supervisor, settings={"fsync": "off"})
        prepare(server, folder / "postgres")

        def url(role: str, pgpass: Path) -> str:
            return f"postgresql://{role}@127.0.0.1:{server.port}/{DATABASE}?passfile={pgpass}"

        for role in DATABASE_ROLES:
            asyncio.run(migrate(url(role, folder / role / "pgpass"), role, f"services.{role}"))
        as_operator = url(SUPERUSER, folder / "operator" / "pgpass")
        with psycopg.connect(as_operator) as connection:
            rights = connection.execute(RIGHTS, [list(DATABASE_ROLES)]).fetchall()
        assert rights == [(role, True, [role]) for role in sorted(DATABASE_ROLES)]

        back_up(server.port, password, dump)
        with psycopg.connect(as_operator), pytest.raises(AssertionError, match="other users"):
            restore(server.port, password, dump)
        restore(server.port, password, dump)

        address = environment_of("epochs")["IHALA_DATABASE_URL"].replace(STATE, str(folder))
        renewed = subprocess.run(
            [Path(sys.executable).with_name("ihala"), *service("epochs")["command"][1:]],
            env={**os.environ, "IHALA_DATABASE_URL": address.replace("@postgres:5432", f"@127.0.0.1:{server.port}")},
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        with psycopg.connect(as_operator) as connection:
            restored = connection.execute(RIGHTS, [list(DATABASE_ROLES)]).fetchall()
    assert renewed.returncode == 0, renewed.stderr
    assert [role for role in DATABASE_ROLES if role not in renewed.stdout] == []
    assert restored == rights

"""
Find who the caller is and where the services are.

In this order: `--profile FILE`, the variable IHALA_PROFILE, the variables
IHALA_CLIENT_…, the state of a running `ihala run` in `.ihala/` of IHALA_HOME or
of this folder or one above.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import jwt
import typer

from ihala.profile import SERVICES, Profile, read_profile
from services.errors import NotFound

STATE: Final = ".ihala"  #: the folder of a run's state, inside that of the project

#: callers that `ihala run` makes a profile for
MINISTRY: Final = "ministry"  #: a case system
COORDINATOR: Final = "coordinator"  #: on duty, too
EDITOR: Final = "editor"  #: of the directory
OPERATOR: Final = "operator"
DESKS: Final = "receivers/"  #: before the name of a desk

ProfileOption = Annotated[
    Path | None, typer.Option("--profile", help="Where the services are and who calls (TOML).", show_default=False)
]
ActorOption = Annotated[
    str | None, typer.Option("--actor", help="The worker on whose behalf, opaque.", show_default=False)
]


def state_folder() -> Path | None:
    """Return the state of the run that this folder belongs to; None if there is none."""
    if named := os.environ.get("IHALA_HOME"):
        home = Path(named)
        return home / STATE if (home / STATE).is_dir() else home
    here = Path.cwd()
    return next((each / STATE for each in (here, *here.parents) if (each / STATE).is_dir()), None)


def profile_for(caller: str, named: Path | None = None) -> Profile:
    """
    Read the profile to call with.

    Args:
        caller: Whose profile of a run is meant: one of the names above, or `receivers/<name>`.

        named: A file that was given by name; it is taken as it is.

    Raises:
        NotFound: nothing says where the services are.

        InvalidInput: a profile is not well formed.
    """
    if named is not None:
        return read_profile(named)
    if chosen := os.environ.get("IHALA_PROFILE"):
        return read_profile(Path(chosen))
    if (from_environment := _from_variables(os.environ)) is not None:
        return from_environment
    file = profile_file(caller)
    if file is None and state_folder() is not None and caller.startswith(DESKS):
        raise NotFound(f"receiver must be a desk that the run has a profile for: {', '.join(receiver_names())}")
    if file is None:
        raise NotFound("no run was found: start `ihala run` here, or name a profile by --profile or IHALA_PROFILE")
    return read_profile(file)


def profile_file(caller: str) -> Path | None:
    """Return the file of a caller's profile in the run that this folder belongs to; None without one."""
    folder = state_folder()
    if folder is None:
        return None
    file = folder / "profiles" / f"{caller}.toml"
    return file if file.is_file() else None


def receiver_names() -> list[str]:
    """List the receivers that the run has a profile for."""
    folder = state_folder()
    return sorted(file.stem for file in (folder / "profiles" / "receivers").glob("*.toml")) if folder else []


def receiver_id_of(name: str) -> str:
    """Return the receiver id that a profile's token is for, which its server alone verifies."""
    file = profile_for(f"receivers/{name}").token_file
    claims = jwt.decode(file.read_text(), options={"verify_signature": False}) if file else {}
    ids = claims.get("receiver_ids") or [name]
    return str(ids[0])


def _from_variables(environment: Mapping[str, str]) -> Profile | None:
    addresses = {
        service: address
        for service in SERVICES
        if (address := environment.get(f"IHALA_CLIENT_{service.upper()}_ADDRESS"))
    }
    if not addresses:
        return None
    token_file, tls_dir = (environment.get(f"IHALA_CLIENT_{name}") for name in ("TOKEN_FILE", "TLS_DIR"))
    return Profile(
        addresses=addresses,
        token_file=Path(token_file) if token_file else None,
        tls_dir=Path(tls_dir) if tls_dir else None,
    )

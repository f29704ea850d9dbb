"""
What every service reads from its environment, once, before it starts.

Each service adds its own in a class with its own prefix. Every fault is named
before the process refuses to start; no message repeats a value, since one of
them is a password. Explained in docs/settings.md.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, NoReturn, Self, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.errors import InvalidInput
from services.runtime import failpoints
from services.runtime.rpc import MAX_CONCURRENT_CALLS, STOP_GRACE_S
from services.runtime.tls import require_private

EXIT_CODE: Final = 78  #: EX_CONFIG of sysexits.h
#: what makes grpc print the requests themselves
FORBIDDEN_VARIABLES: Final = ("GRPC_TRACE",)
MAX_PORT: Final = 65_535
COUNTRY_CODES: Final = re.compile("[A-Z]{2}(,[A-Z]{2})*", re.ASCII)
WEB_SCHEMES: Final = ("http://", "https://")
#: what Kubernetes adds for a Service of the same name, after our prefix
SERVICE_LINK: Final = re.compile(r"SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?")


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > MAX_PORT:
        raise ValueError("must be HOST:PORT")
    return text


def country_codes(text: str) -> str:
    """Check ISO 3166-1 alpha-2 codes in capitals with commas between."""
    if not COUNTRY_CODES.fullmatch(text):
        raise ValueError("must be ISO 3166-1 alpha-2 codes in capitals with commas between")
    return text


def _web_address(text: str) -> str:
    if not text.startswith(WEB_SCHEMES):
        raise ValueError("must begin with http:// or https://")
    return text.rstrip("/")


def _readable_file(path: Path) -> Path:
    if not path.is_file() or not os.access(path, os.R_OK):
        raise ValueError("must be a file that this process can read")
    return path


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError("must be a folder")
    return path


def _writable_file(path: Path) -> Path:
    if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
        raise ValueError("must be a file that this process can read and write")
    return path


def _url_of(*schemes: str) -> AfterValidator:
    beginnings = tuple(f"{scheme}://" for scheme in schemes)

    def check(text: str) -> str:
        if not text.startswith(beginnings):
            raise ValueError(f"must be a URL that begins with {' or '.join(beginnings)}")
        return text

    return AfterValidator(check)


Address = Annotated[str, AfterValidator(_address)]  #: "HOST:PORT", [HOST] for IPv6
CountryCodes = Annotated[str, AfterValidator(country_codes)]  #: "LY,MA"
WebAddress = Annotated[str, AfterValidator(_web_address)]  #: without a slash at its end
ReadableFile = Annotated[Path, AfterValidator(_readable_file)]
WritableFile = Annotated[Path, AfterValidator(_writable_file)]
Folder = Annotated[Path, AfterValidator(_folder)]
#: not shown when settings are printed: it holds a password
DatabaseUrl = Annotated[str, _url_of("postgresql", "postgres"), Field(repr=False)]
NatsUrl = Annotated[str, _url_of("nats", "tls"), Field(repr=False)]


class ProcessSettings(BaseSettings):
    """What every process reads that serves anything at an address."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    listen_address: Address  #: where it serves; port 0 takes a free one
    token_file: ReadableFile | None = None  #: its own token for the services that it calls
    tls_dir: Folder | None = None  #: tls.crt, tls.key and ca.crt; without it, loopback only
    allow_plaintext: bool = False  #: vouches that the network encrypts by itself
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    stop_grace_s: float = Field(default=STOP_GRACE_S, ge=0.0, le=300.0)

    @model_validator(mode="after")
    def _stays_private(self) -> Self:
        try:
            require_private(self.listen_address, self.tls_dir, allow_plaintext=self.allow_plaintext)
        except InvalidInput as error:
            rule = error.message.replace("tls_dir", "TLS_DIR")
            raise ValueError(f"{rule}, or ALLOW_PLAINTEXT to true") from error
        return self


class ServiceSettings(ProcessSettings):
    """
    What every service reads that answers RPCs.

    A service subclasses it:
    `class Settings(ServiceSettings, env_prefix="IHALA_MATCHING_"): ...`
    """

    jwks_file: ReadableFile  #: public keys that callers' tokens may be signed with
    deny_file: ReadableFile | None = None  #: revoked tokens and subjects
    reflection: bool = False  #: whether callers may ask for the descriptors
    metrics_address: Address | None = None  #: where Prometheus reads; off by default
    max_concurrent_calls: int = Field(default=MAX_CONCURRENT_CALLS, ge=1, le=100_000)


SettingsT = TypeVar("SettingsT", bound=ProcessSettings)


def load(kind: type[SettingsT]) -> SettingsT:
    """Read the settings of a service, or name every fault on standard error and exit with 78."""
    prefix = str(kind.model_config.get("env_prefix", ""))
    faults = _strangers(kind, prefix, os.environ) + failpoints.faults_of(os.environ)
    try:
        settings = kind()
    except ValidationError as error:
        faults += [
            f"{prefix}{'.'.join(map(str, each['loc'])).upper()} {_rule(each)}"
            if each["loc"]
            else f"{prefix}{_rule(each)}"
            for each in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        _refuse(faults)
    if faults:
        _refuse(faults)
    failpoints.arm(os.environ)
    return settings


def _strangers(kind: type[ProcessSettings], prefix: str, environment: Mapping[str, str]) -> list[str]:
    known = {f"{prefix}{name}".upper() for name in kind.model_fields}
    misspelt = [
        f"{name} is not a setting"
        for name in sorted(environment)
        if prefix
        and name.upper().startswith(prefix)
        and name.upper() not in known
        and SERVICE_LINK.fullmatch(name.upper().removeprefix(prefix)) is None
    ]
    forbidden = [
        f"{name} must not be set: it prints what callers send" for name in FORBIDDEN_VARIABLES if environment.get(name)
    ]
    return misspelt + forbidden


def _rule(fault: Mapping[str, object]) -> str:
    if fault["type"] == "missing":
        return "must be set"
    return str(fault["msg"]).removeprefix("Value error, ")


def _refuse(faults: list[str]) -> NoReturn:
    for fault in faults:
        print(fault.strip(), file=sys.stderr)  # noqa: T201 -- before there is a log
    raise SystemExit(EXIT_CODE)

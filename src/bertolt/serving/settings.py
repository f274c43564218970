"""Every limit of the server, with its default and the reason for it. ``--settings FILE`` is TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bertolt.errors import DiskError, SettingError
from bertolt.serving.quotas import ADDRESS_BYTES


class ServeSettings(BaseModel):
    """The limits of a server. What each means, and why its default is what it is, says its description."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    body_bytes: int = Field(
        default=2_000_000, ge=1024,
        description="bytes of a request's body; 256 reviews of 6,000 characters fit",
    )  # fmt: skip
    buffer_bytes: int = Field(
        default=64_000_000, ge=1024,
        description="bytes of all bodies that are being received at once, so that many clients together "
        "cannot fill the memory",
    )  # fmt: skip
    request_rows: int = Field(
        default=256, ge=1,
        description="inputs of a request; a client with more sends several requests and sees progress",
    )  # fmt: skip
    input_characters: int = Field(
        default=100_000, ge=1,
        description="characters of an input; a novel's chapter fits, an attack on the tokeniser does not",
    )  # fmt: skip
    input_tokens: int = Field(
        default=65_536, ge=1,
        description="tokens that an input may cost, all its windows together; about 10 seconds of two cores",
    )  # fmt: skip
    option_characters: int = Field(
        default=10_000, ge=100,
        description="characters of a request's options, which travel with each of its inputs",
    )  # fmt: skip
    result_characters: int = Field(
        default=4_000_000, ge=1000,
        description="characters of the candidates that a request may ask for (masks x top_k x text)",
    )  # fmt: skip
    queue_rows: int = Field(
        default=2048, ge=1,
        description="inputs that are accepted and not yet answered, of all clients; 10 seconds of two cores",
    )  # fmt: skip
    queue_characters: int = Field(
        default=4_000_000, ge=1,
        description="their characters, so that memory stays bounded when all of them are long",
    )  # fmt: skip
    batch_tokens: int = Field(
        default=2048, ge=1,
        description="tokens of a batch, padding included; larger ones gain nothing on a processor and let "
        "short texts wait longer",
    )  # fmt: skip
    tables: int = Field(
        default=8, ge=1,
        description="tables that are held at once; with the two below, what people drop on the page stays "
        "under about a gigabyte",
    )  # fmt: skip
    table_rows: int = Field(
        default=10_000, ge=1,
        description="rows of a table; they wait beside the requests of others, so that none of these is late",
    )  # fmt: skip
    table_characters: int = Field(
        default=30_000_000, ge=1000,
        description="characters of the results of a table",
    )  # fmt: skip
    table_seconds: float = Field(
        default=3600, gt=0,
        description="how long a table is held after it was sent; long enough to look at it and download it",
    )  # fmt: skip
    correction_address_bytes: int = Field(
        default=ADDRESS_BYTES, ge=1000,
        description="bytes of corrections that one client address may save while the server runs, so that "
        "one client cannot fill the file for all; behind a proxy all clients have the proxy's address",
    )  # fmt: skip
    wait_seconds: float = Field(
        default=20, gt=0,
        description="how long an input waits at most to be computed; most clients give up after 30",
    )  # fmt: skip
    retry_seconds: int = Field(
        default=1, ge=1,
        description="the Retry-After of a refusal; a full queue moves within a second",
    )  # fmt: skip
    receive_seconds: float = Field(
        default=10, gt=0,
        description="how long a client may take to send a request; 2 MB in 10 seconds is 1.6 Mbit/s",
    )  # fmt: skip
    send_seconds: float = Field(
        default=30, gt=0,
        description="how long a client may take to read an answer before its connection is cut",
    )  # fmt: skip
    keep_alive_seconds: int = Field(
        default=75, ge=1,
        description="how long an idle connection stays open; longer than a proxy's own 60, so that the proxy "
        "closes first",
    )  # fmt: skip
    connections: int = Field(
        default=512, ge=1,
        description="connections at once; each takes a file descriptor, of which a process usually has 1,024",
    )  # fmt: skip
    wedge_seconds: float = Field(
        default=60, gt=0,
        description="a batch that computes longer than this is given up and its process replaced; a batch "
        "takes well under a second",
    )  # fmt: skip
    start_seconds: float = Field(
        default=300, gt=0,
        description="how long loading the models may take; disks and graphics cards can be slow at first",
    )  # fmt: skip
    ready_seconds: float = Field(
        default=5, gt=0,
        description="the time limit of the prediction that /ready makes; probes usually wait 10",
    )  # fmt: skip
    shutdown_seconds: int = Field(
        default=25, ge=1,
        description="how long accepted requests may take to finish after SIGTERM; Kubernetes kills after 30",
    )  # fmt: skip
    cors_origins: tuple[str, ...] = Field(
        default=(),
        description="origins whose pages may call this server, such as https://example.org; none by default",
    )  # fmt: skip

    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="names by which the server may be called, such as models.example.org; by default any "
        "name from other machines, and from this machine only addresses, localhost and the name in --host",
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        for small, great, why in (
            ("input_characters", "body_bytes", "a body could not hold one whole input"),
            ("input_characters", "queue_characters", "one whole input could never be accepted"),
            ("request_rows", "queue_rows", "a whole request could never be accepted"),
            ("body_bytes", "buffer_bytes", "one whole body could never be received"),
            ("batch_tokens", "input_tokens", "no input could fill a batch"),
            ("wait_seconds", "shutdown_seconds", "accepted requests could not finish after SIGTERM"),
            (
                "ready_seconds",
                "wedge_seconds",
                "/ready could not tell of a stuck worker before it is replaced",
            ),
        ):
            if getattr(self, small) > getattr(self, great):
                raise ValueError(f"{small} is above {great}: {why}")
        if "*" in self.cors_origins and len(self.cors_origins) > 1:
            raise ValueError("cors_origins has '*' beside others: '*' alone allows every origin")
        for origin in self.cors_origins:
            if origin != "*" and not re.fullmatch(r"https?://[^/\s]+", origin):
                raise ValueError(f"cors_origins has {origin!r}: an origin is such as https://example.org")
        for host in self.allowed_hosts:
            if not re.fullmatch(r"[A-Za-z0-9._-]+", host):
                raise ValueError(
                    f"allowed_hosts has {host!r}: a host is a name without port, such as example.org"
                )
        return self


def read_settings(file: Path | str | None, *, allowed_hosts: Sequence[str] = ()) -> ServeSettings:
    """The settings of a TOML file; None: the defaults.

    Args:
        file: the file.
        allowed_hosts: further names by which the server may be called.

    Raises:
        SettingError: a file that is not TOML, an unknown setting, a value out of range, or settings that
            contradict each other.
        DiskError: the file cannot be read.
    """
    values = {} if file is None else _read_toml(file)
    hosts = values.get("allowed_hosts", [])
    if allowed_hosts and isinstance(hosts, list):
        values["allowed_hosts"] = [*hosts, *allowed_hosts]
    return checked_settings(values)


def _read_toml(file: Path | str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise DiskError(
            "a file of settings", f"{error.strerror}: {str(file)!r}", "check --settings"
        ) from error
    except ValueError as error:  # not TOML, or not UTF-8
        raise SettingError(
            f"TOML in {str(file)!r}", str(error), "write lines such as: queue_rows = 500"
        ) from error


def checked_settings(values: dict[str, object]) -> ServeSettings:
    """Settings out of plain values.

    Raises:
        SettingError: an unknown setting, a value out of range, or settings that contradict each other.
    """
    try:
        return ServeSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            known = ", ".join(ServeSettings.model_fields)
            raise SettingError(
                f"a setting of the server: {known}", repr(name), "see docs/serve.md"
            ) from error
        if not name:
            problem = first["msg"].removeprefix("Value error, ")
            raise SettingError("settings that agree", problem, "change one of them") from error
        raise SettingError(
            f"a value for {name}: {first['msg'].lower()}", repr(first["input"])[:60], "see docs/serve.md"
        ) from error

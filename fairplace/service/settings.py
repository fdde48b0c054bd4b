"""Who may see more than the public: a file of settings, without which nobody may.

A TOML file, such as::

    address = "https://fairplace.halverton.example"   # where people reach the service

    [dpia]                                  # without it, nothing else here is allowed
    reference = "DPIA-2026-014"
    date = 2026-09-01
    approver = "Data Protection Officer"

    [officers]
    authorities = ["E06999001"]             # whose officer edition is opened

    [audit]
    file = "audit.jsonl"

    [tokens]
    file = "tokens.json"

    [oidc]
    issuer = "https://login.halverton.example"
    client = "fairplace"
    secret_file = "client.secret"           # left out for a public client
    audience = "fairplace-api"              # of bearer tokens; the client if left out
    role_claim = "roles"                    # realm_access.roles is a claim within a claim
    officer = ["fairplace-officer"]
    restricted = ["fairplace-restricted"]
    authority_claim = ""                    # left out: the authorities above
    scopes = ["groups"]                     # asked for besides openid, profile and email

    [session]
    key_file = "session.key"                # made when it is not there
    minutes = 60

    [uploads]
    folder = "uploads"
    megabytes = 50

    [restricted]
    E06999001 = "restricted"                # store of tables about homes, for the restricted role

Paths are beside the file.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fairplace.service.viewer import Role
from geo.errors import UserError

_KEYS: Mapping[str, Mapping[str, type]] = {
    "dpia": {"reference": str, "date": dt.date, "approver": str},
    "officers": {"authorities": list},
    "audit": {"file": str},
    "tokens": {"file": str},
    "oidc": {
        "issuer": str, "client": str, "secret_file": str, "audience": str, "role_claim": str,
        "officer": list, "restricted": list, "authority_claim": str, "scopes": list,
    },
    "session": {"key_file": str, "minutes": int},
    "uploads": {"folder": str, "megabytes": int},
}  # fmt: skip
_CODE = re.compile(r"[EWSN]\d{8}")
#: A scope as RFC 6749, 3.3 has it.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")
#: A session lasts at most a working day.
MOST_MINUTES = 720


class ServiceSettingsError(UserError, ValueError):
    """The settings of a service cannot be followed; the message names the entry."""


@dataclass(frozen=True)
class Provider:
    """An OpenID provider, and what its claims mean here.

    Parameters
    ----------
    issuer
        Its address, letter for letter as its tokens name it.
    client, secret
        What we are to it; the secret is empty for a public client.
    audience
        What bearer tokens must be made for.
    role_claim, authority_claim
        Names of claims, with a dot for one within another; no authority claim means every authority.
    roles
        Value of the role claim -> role.
    scopes
        What is asked for besides ``openid``, ``profile`` and ``email``.
    """

    issuer: str
    client: str
    secret: str = ""
    audience: str = ""
    role_claim: str = "roles"
    authority_claim: str = ""
    roles: Mapping[str, Role] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServiceSettings:
    """What a service may show beyond the public edition, to whom, and where it is written down.

    Parameters
    ----------
    assessment
        Reference, date and approver of the data protection impact assessment, as one line.
    authorities
        Codes of the districts whose officer edition is opened.
    audit
        Where every such answer is written down.
    address
        Where people reach the service; empty where nobody signs in with a browser.
    tokens
        File of API tokens, or None.
    provider
        Who says who people are, or None.
    session_key
        File of the key that signs sessions, or None.
    session_minutes
        How long a session lasts.
    uploads
        Folder of uploads, or None.
    upload_bytes
        Most bytes of an upload.
    stores
        Authority -> store of its restricted tables.
    """

    assessment: str
    authorities: frozenset[str]
    audit: Path
    address: str = ""
    tokens: Path | None = None
    provider: Provider | None = None
    session_key: Path | None = None
    session_minutes: int = 60
    uploads: Path | None = None
    upload_bytes: int = 50_000_000
    stores: Mapping[str, Path] = field(default_factory=dict)


def read_service_settings(path: Path) -> ServiceSettings:
    """Read the settings of a service.

    Raises
    ------
    ServiceSettingsError
        It cannot be read, has an entry there is no place for, or opens officer data without naming the
        assessment, its date and its approver.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ServiceSettingsError(
            f"{path} cannot be read as settings ({error}); give a TOML file"
        ) from error
    _check_names(path, content)
    dpia = content.get("dpia", {})
    for name in _KEYS["dpia"]:
        if not str(dpia.get(name, "")).strip():
            raise ServiceSettingsError(
                f"{path.name}: dpia.{name} is {'blank' if name in dpia else 'missing'}; officer data stay "
                "off until [dpia] names the assessment's reference, date and approver"
            )
    codes = [str(one) for one in content.get("officers", {}).get("authorities", [])]
    wrong = next((one for one in codes if not _CODE.fullmatch(one)), None)
    if not codes or wrong:
        found = f'"{wrong}" is no code of a district' if wrong else "there are none"
        raise ServiceSettingsError(
            f"{path.name}: officers.authorities: {found}; list codes such as E06999001, whose packs officers "
            "see"
        )
    if "file" not in content.get("audit", {}):
        raise ServiceSettingsError(
            f"{path.name}: audit.file is missing; what officers are shown is written down: name a file for it"
        )
    here = path.resolve().parent
    uploads, session = content.get("uploads", {}), content.get("session", {})
    minutes, megabytes = session.get("minutes", 60), uploads.get("megabytes", 50)
    if not 1 <= minutes <= MOST_MINUTES:
        raise ServiceSettingsError(f"{path.name}: session.minutes is {minutes}; give 1 to {MOST_MINUTES}")
    if not 1 <= megabytes <= 1_000:
        raise ServiceSettingsError(f"{path.name}: uploads.megabytes is {megabytes}; give 1 to 1,000")
    provider = _provider(path, content["oidc"]) if "oidc" in content else None
    address = _address(path, content.get("address", ""), needed=provider is not None)
    stores = {str(code): here / str(one) for code, one in content.get("restricted", {}).items()}
    for code in stores:
        if code not in codes:
            raise ServiceSettingsError(f"{path.name}: restricted.{code} is not among officers.authorities")
    tokens = content.get("tokens", {}).get("file")
    return ServiceSettings(
        assessment=f"{dpia['reference']}, {dpia['date']}, {dpia['approver']}",
        authorities=frozenset(codes),
        audit=here / content["audit"]["file"],
        address=address,
        tokens=here / tokens if tokens else None,
        provider=provider,
        session_key=here / session.get("key_file", "session.key") if provider else None,
        session_minutes=minutes,
        uploads=here / uploads["folder"] if "folder" in uploads else None,
        upload_bytes=megabytes * 1_000_000,
        stores=stores,
    )


def read_secret(path: Path) -> bytes:
    """Read a file that only its owner may read.

    Raises
    ------
    ServiceSettingsError
        It is not there, is empty, or others may read it.
    """
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise ServiceSettingsError(f"{path} may be read by others than its owner; run: chmod 600 {path}")
        content = path.read_bytes().strip()
    except OSError as error:
        raise ServiceSettingsError(
            f"{path} cannot be read ({error.strerror}); write the secret in it"
        ) from error
    if not content:
        raise ServiceSettingsError(f"{path} is empty; write the secret in it")
    return content


def session_key(path: Path) -> bytes:
    """Read the key that signs sessions; made, once for all workers, where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    if not path.exists():
        handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        try:
            # A link and not a rename: of two workers that begin together the first one's key stands.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return read_secret(path)


def _check_names(path: Path, content: Mapping[str, Any]) -> None:
    known = [*_KEYS, "restricted", "address"]
    for section, entries in content.items():
        if section not in known:
            raise ServiceSettingsError(f"{path.name} has {section}; there are {', '.join(known)}")
        if section == "address":
            continue
        if not isinstance(entries, dict):
            raise ServiceSettingsError(f"{path.name}: {section} is {entries!r}; it is a section, [{section}]")
        for name, value in entries.items():
            kind = _KEYS[section].get(name) if section in _KEYS else str
            if kind is None:
                names = ", ".join(f"{section}.{one}" for one in _KEYS[section])
                raise ServiceSettingsError(f"{path.name} has {section}.{name}; there are {names}")
            listed = isinstance(value, list) and all(isinstance(one, str) for one in value)
            right = listed if kind is list else isinstance(value, kind) and not isinstance(value, bool)
            if not right:
                words = {str: "words", int: "a whole number", list: "a list of words", dt.date: "a date"}
                raise ServiceSettingsError(f"{path.name}: {section}.{name} is {value!r}; it is {words[kind]}")


def _provider(path: Path, content: Mapping[str, Any]) -> Provider:
    for name in ("issuer", "client"):
        if not content.get(name):
            raise ServiceSettingsError(f"{path.name}: oidc.{name} is missing; the provider's page tells it")
    check_address(content["issuer"], f"{path.name}: oidc.issuer")
    roles: dict[str, Role] = dict.fromkeys(content.get("officer", []), "officer")
    roles |= dict.fromkeys(content.get("restricted", []), "restricted")
    if not roles:
        raise ServiceSettingsError(
            f"{path.name}: oidc.officer is missing; list the values of the role claim that make an officer"
        )
    scopes = tuple(content.get("scopes", []))
    wrong = next((one for one in scopes if not _SCOPE.fullmatch(one)), None)
    if wrong is not None:
        raise ServiceSettingsError(
            f'{path.name}: oidc.scopes has "{wrong[:60]}"; list single words such as groups'
        )
    secret = ""
    if content.get("secret_file"):
        secret = read_secret(path.resolve().parent / content["secret_file"]).decode()
    return Provider(
        issuer=content["issuer"],
        client=content["client"],
        secret=secret,
        audience=content.get("audience", content["client"]),
        role_claim=content.get("role_claim", "roles"),
        authority_claim=content.get("authority_claim", ""),
        roles=roles,
        scopes=scopes,
    )


def _address(path: Path, text: object, *, needed: bool) -> str:
    if not isinstance(text, str):
        raise ServiceSettingsError(f"{path.name}: address is {text!r}; it is words, such as https://…")
    if needed and not text:
        raise ServiceSettingsError(
            f"{path.name}: address is missing; say where people reach the service, so that the provider can "
            "send them back"
        )
    if text:
        check_address(text, f"{path.name}: address")
    return text.rstrip("/")


def check_address(text: str, what: str) -> None:
    """Refuse an address that secrets would travel to in the open.

    Raises
    ------
    ServiceSettingsError
        It is not https, and not on this machine.
    """
    parts = urlsplit(text)
    loopback = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise ServiceSettingsError(f'{what} is "{text[:120]}"; give an address that begins with https://')
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ServiceSettingsError(f'{what} is "{text[:120]}"; give a plain address, without ? or #')


def public_address(text: str, settings: ServiceSettings | None) -> str:
    """Give the address at which people reach the service; empty where nobody has said it.

    Parameters
    ----------
    text
        As given beside the settings; empty if it was not.
    settings
        Those of the service, if it has any.

    Raises
    ------
    ServiceSettingsError
        It is no address of a server, or not that of the settings.
    """
    told = settings.address if settings is not None else ""
    if not text:
        return told
    check_address(text, "the address")
    plain = text.rstrip("/")
    if urlsplit(plain).path:
        raise ServiceSettingsError(
            f'the address is "{text[:120]}"; the service answers at the root of a server: leave the path out'
        )
    if told and plain != told:
        raise ServiceSettingsError(
            f'the address is "{text[:120]}" and the settings say "{told}"; give one, or the same twice'
        )
    return plain

"""TLS parameters of database addresses, as PostgreSQL and PyMySQL take them."""

import ssl
from collections.abc import Mapping
from types import MappingProxyType

from grokgateway.environment import BadVariable

MODE_NAMES = ("sslmode", "ssl-mode", "ssl")
SHARED_ALIASES = MappingProxyType(
    dict.fromkeys(("true", "1", "yes", "on", "required"), "require")
    | dict.fromkeys(("false", "0", "no", "off", "disabled"), "disable")
    | {"verify-identity": "verify-full", "preferred": "prefer"}
)
POSTGRESQL_MODES = frozenset(
    {"disable", "prefer", "allow", "require", "verify-ca", "verify-full"}
)
POSTGRESQL_UNCHECKED = frozenset({"disable", "allow", "prefer"})
POSTGRESQL_FILES = ("sslrootcert", "sslcert", "sslkey")
MYSQL_MODES = frozenset({"disable", "require", "verify-ca", "verify-full"})
MYSQL_FILES = MappingProxyType(
    {"ssl-ca": "ca", "ssl-capath": "capath", "ssl-cert": "cert", "ssl-key": "key"}
)
MYSQL_CHECK = "ssl-check-hostname"
MYSQL_CIPHER = "ssl-cipher"
TRUE_TEXTS = frozenset({"true", "1", "yes", "on"})

Split = tuple[dict[str, object], dict[str, str]]


def mode_of(given: Mapping[str, str], modes: frozenset[str], variable: str) -> str:
    """Return the mode under its PostgreSQL name, empty when the address has none."""
    text = next((given[name] for name in MODE_NAMES if given.get(name)), "")
    plain = text.lower().replace("_", "-")
    mode = SHARED_ALIASES.get(plain, plain)
    if mode and mode not in modes:
        raise BadVariable(f"The TLS mode of {variable} is not supported.")
    return mode


def postgresql_tls(given: Mapping[str, str], *, variable: str) -> Split:
    """Part the TLS options from the rest."""
    mode = mode_of(given, POSTGRESQL_MODES, variable)
    files = {name: given[name] for name in POSTGRESQL_FILES if given.get(name)}
    if files and (not mode or mode in POSTGRESQL_UNCHECKED):
        raise BadVariable(
            f"Certificate files in {variable} need sslmode=require or stricter."
        )
    if "sslkey" in files and "sslcert" not in files:
        raise BadVariable(f"sslkey in {variable} needs sslcert.")
    rest = {
        name: value
        for name, value in given.items()
        if name not in (*MODE_NAMES, *POSTGRESQL_FILES)
    }
    tls: dict[str, object] = {"sslmode": mode, **files} if mode else {}
    return tls, rest


def mysql_tls(given: Mapping[str, str], *, variable: str) -> Split:
    """Part the TLS options from the rest; both spellings, `ssl-ca` and `ssl_ca`."""
    named = {n.replace("_", "-") if n.startswith("ssl") else n: given[n] for n in given}
    mode = mode_of(named, MYSQL_MODES, variable)
    own = {*MODE_NAMES, *MYSQL_FILES, MYSQL_CHECK, MYSQL_CIPHER}
    extras = {n: v for n, v in named.items() if n in own - {*MODE_NAMES} and v}
    rest = {name: value for name, value in named.items() if name not in own}
    if extras and mode in {"", "disable"}:
        raise BadVariable(f"TLS options in {variable} need an explicit ssl-mode.")
    if "ssl-key" in extras and "ssl-cert" not in extras:
        raise BadVariable(f"ssl-key in {variable} needs ssl-cert.")
    if extras.get(MYSQL_CHECK, "").lower() in TRUE_TEXTS and mode != "verify-full":
        raise BadVariable(
            f"{MYSQL_CHECK} in {variable} needs ssl-mode=verify_identity."
        )
    if mode in {"", "disable"}:
        return ({"ssl_disabled": True} if mode else {}), rest
    return {"ssl": mysql_context(mode, extras, variable)}, rest


def mysql_context(
    mode: str, extras: Mapping[str, str], variable: str
) -> dict[str, object]:
    """Return PyMySQL's `ssl` table.

    PyMySQL skips every check when no authority is named, so the modes that verify
    fall back on those of the system.
    """
    files = {key: extras[name] for name, key in MYSQL_FILES.items() if name in extras}
    verifies = mode != "require"
    if verifies and not {"ca", "capath"} & files.keys():
        system = ssl.get_default_verify_paths()
        known = {"ca": system.cafile, "capath": system.capath}
        files |= {key: path for key, path in known.items() if path}
        if not {"ca", "capath"} & files.keys():
            raise BadVariable(
                f"{variable} needs ssl-ca: the system has no authorities."
            )
    checks_name = mode == "verify-full" and (
        extras.get(MYSQL_CHECK, "true").lower() in TRUE_TEXTS
    )
    cipher = {"cipher": extras[MYSQL_CIPHER]} if MYSQL_CIPHER in extras else {}
    return {**files, **cipher, "verify_mode": verifies, "check_hostname": checks_name}

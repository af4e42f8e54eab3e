"""What looks like a secret in a package, by its name and by what is in it."""

from __future__ import annotations

import re

_KEYS = frozenset(("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk"))
_LOGINS = frozenset(
    (".netrc", "_netrc", ".pypirc", ".git-credentials", ".htpasswd", ".pgpass", ".my.cnf", ".dockercfg")
)
_STORES = (".p12", ".pfx", ".jks", ".keystore", ".ppk", ".kdbx")
_PEM = (".pem", ".key")
_SMALL = 1 << 18  # bytes of a text that is searched for keys of AWS: they stand in settings, not in data

_PRIVATE = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|\s)*"
    rb"(?:[A-Za-z-]+: [^\n\\]*(?:\\[rn]|\s)+)*[A-Za-z0-9+/=]{40}"
)
_PUBLIC = re.compile(
    rb"-----BEGIN (?:[A-Z0-9 ]*CERTIFICATE[A-Z ]*|[A-Z0-9 ]*PUBLIC KEY|[A-Z0-9 ]*PARAMETERS|X509 CRL)-----"
)
_AWS = re.compile(rb"(?<![A-Za-z0-9+/=_])A(?:KI|SI)A[A-Z2-7]{16}(?![A-Za-z0-9+/=_])")
_EXAMPLE = b"EXAMPLE"  # how the access keys of AWS's documentation end
_TOKEN = re.compile(rb"_(?:authToken|auth|password)\s*=\s*(?!\s*[\"']?\$\{)\S")


def reason(name: str, data: bytes) -> str:
    """Why a file looks like a secret, or nothing. `data` are its first bytes, at most a block.

    Public certificates and public keys are none, whatever their file is called.
    """
    return _by_name(name, data) or _by_content(data)


def _by_name(name: str, data: bytes) -> str:
    *folders, base = name.split("/")
    lower = base.lower()
    if base in _KEYS or lower.endswith(_STORES):
        return "is a store of private keys" if lower.endswith(_STORES) else "is a private key"
    if lower.endswith(_PEM) and not (_PUBLIC.search(data) and b"PRIVATE KEY" not in data):
        return "is named as a private key"
    if base in _LOGINS or (folders and folders[-1] == ".docker" and base == "config.json"):
        return "holds logins"
    if ".aws" in folders or base == "credentials":
        return "holds credentials"
    if base == ".npmrc" and _TOKEN.search(data):
        return "holds a registry's token"
    return ""


def _by_content(data: bytes) -> str:
    if b"PRIVATE KEY" in data and _PRIVATE.search(data):
        return "holds a private key"
    if len(data) <= _SMALL and b"\0" not in data:
        found = _AWS.findall(data) if b"AKIA" in data or b"ASIA" in data else ()
        if any(not key.endswith(_EXAMPLE) for key in found):
            return "holds an access key of AWS"
    return ""

"""What the name of a variable says about its value: whole words, never parts of words."""

from __future__ import annotations


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words that name a secret wherever they stand in a name.
_SECRET_WORDS = _listed(
    "password passwords passwd passphrase secret secrets token tokens credential credentials creds apikey apikeys"
    " accesskey secretkey authkey privatekey jwt bearer otp totp passcode mnemonic psk sshpass"
)
# The same glued to another word; no ordinary word ends so.
_GLUED = ("password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "secretkey", "privatekey")
# Words that name a secret only at the end: DB_PASS is one, PASS_THROUGH is none.
_SECRET_ENDINGS = _listed("key keys pass pw pwd oldpwd auth cookie salt pepper signature pin")
# The shell's working directory, unless it is none: connection strings have `Pwd=`.
_DIRECTORIES = frozenset({"pwd", "oldpwd"})
# Keys that open nothing.
_HARMLESS_KEYS = _listed(
    "public pub primary foreign cache sort partition row hot group object map index routing idempotency"
    " dedup natural surrogate compose hash range config arrow lookup unique"
)
# An ending that says the value is about a secret: where it is kept, what it is called, how long it lasts.
_ABOUT = _listed(
    "file path dir directory folder name names id ids ttl timeout length size min max limit count number enabled"
    " disabled required optional url uri endpoint host port type kind format algorithm alg header headers prefix"
    " policy rotation days hours minutes seconds ms expiry expires expiration expire lifetime age version"
    " provider backend store manager class scope scopes audience issuer field column param parameter hint prompt"
    " helper sock socket user username bits rounds iterations domain secure samesite httponly region arn"
    " parallelism usage budget per minute check mode strategy location cmd command digits"
    " interval window"
)
_NUMBER_WORDS = _listed("max min num number per count limit total budget usage")
_WORDS_OF_TRUTH = _listed("true false yes no on off none null 0 1")
_KEPT_IN = (".json", ".pem", ".key", ".crt", ".txt", ".p12", ".pfx", ".yaml", ".yml", ".toml", ".ini", ".jks", ".env")


# The same few names are asked for again and again.
_announced: dict[str, bool] = {}
_REMEMBERED = 4096


def tells_secret(name: str, value: str) -> bool:
    """Tell whether the name announces a secret and the value could be one."""
    announced = _announced.get(name)
    if announced is None:
        if len(_announced) >= _REMEMBERED:
            _announced.clear()
        announced = _announced[name] = _announces(name)
    if not announced:
        return False
    if value.lower() in _WORDS_OF_TRUTH:
        return False
    if value.isdigit() and _NUMBER_WORDS.intersection(words(name)):
        return False
    if name.lower() in _DIRECTORIES and (value[:1] in "/\\" or value[1:2] == ":"):
        return False
    return not (value.startswith(("/", "~/", "./", "../")) and value.endswith(_KEPT_IN))


def _announces(name: str) -> bool:
    parts = words(name)
    if not parts or parts[-1] in _ABOUT or tells_public(name):
        # AWS_ACCESS_KEY_ID tells half of a pair only, but API_KEY_1 and TOKEN_2 are secrets
        return False
    if parts[-1].isdigit() and len(parts) > 1:
        parts = parts[:-1]
    if not _SECRET_WORDS.isdisjoint(parts) or any(part.endswith(_GLUED) for part in parts):
        return True
    if parts[-1] not in _SECRET_ENDINGS:
        return False
    return not (parts[-1] in ("key", "keys") and (len(parts) == 1 or parts[-2] in _HARMLESS_KEYS))


def tells_public(name: str) -> bool:
    """Tell whether the name announces a key that everybody may know, however random it looks."""
    return words(name)[-2:-1] in (["public"], ["pub"], ["publishable"]) and name.lower().endswith("key")


def words(name: str) -> list[str]:
    """Split a name where case or punctuation does, in lower case.

    >>> words("awsSecretAccessKey-2"), words("KEYBOARD_LAYOUT"), words("DBPassword")
    (['aws', 'secret', 'access', 'key', '2'], ['keyboard', 'layout'], ['db', 'password'])
    """
    found: list[str] = []
    start = 0
    for at, character in enumerate(name):
        if not character.isalnum():
            found.append(name[start:at])
            start = at + 1
        elif at > start and character.isupper() and (name[at - 1].islower() or name[at + 1 : at + 2].islower()):
            found.append(name[start:at])
            start = at
    found.append(name[start:])
    return [word.lower() for word in found if word]

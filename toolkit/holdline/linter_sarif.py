"""Findings in SARIF 2.1.0, the exchange format of static analysis.

Format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from holdline.linter_formats import Reported, UnreadableOutput, list_of, text_of, whole_number

Object = dict[str, Any]

_DEEPEST_BASE = 10
_ARGUMENT = re.compile(r"\{(\d+)\}")


def read_sarif(document: Object) -> list[Reported]:
    """The failures that all runs of a document report, but for those that the tool itself calls suppressed.

    Results without a place in a file are left out. Raises UnreadableOutput where a run says that the tool failed, and
    LookupError, TypeError and the like for what is no SARIF.
    """
    found: list[Reported] = []
    for run in list_of(document["runs"]):
        for invocation in run.get("invocations") or ():
            if invocation.get("executionSuccessful") is False:
                raise UnreadableOutput(f"it says that the tool failed{_first_notification(invocation)}")
        for result in run.get("results") or ():
            if _counts(result):
                found.extend(_from_result(run, result))
    return found


def _counts(result: Object) -> bool:
    if result.get("kind", "fail") not in ("fail", "open", "review") or result.get("baselineState") == "absent":
        return False
    suppressions = result.get("suppressions") or ()
    return not any(s.get("status", "accepted") == "accepted" for s in suppressions)


def _from_result(run: Object, result: Object) -> Iterator[Reported]:
    for location in (result.get("locations") or ())[:1]:  # further ones are one finding in several places
        physical = location.get("physicalLocation") or {}
        path = _path(run, physical.get("artifactLocation") or {})
        if not path:
            continue
        region = physical.get("region") or {}
        line = whole_number(region.get("startLine"))
        rule = _rule(run, result)
        yield Reported(
            path,
            text_of(rule.get("id")),
            _message(rule, result.get("message") or {}),
            line,
            whole_number(region.get("startColumn")),
            whole_number(region.get("endLine")) or line,
            whole_number(region.get("endColumn")),
        )


def _rule(run: Object, result: Object) -> Object:
    """What the tool says about a result's rule, at least its id; empty where it names none."""
    reference = {"id": result.get("ruleId"), "index": result.get("ruleIndex"), **(result.get("rule") or {})}
    rules: list[Object] = ((run.get("tool") or {}).get("driver") or {}).get("rules") or []
    index = reference["index"]
    if index is None or not 0 <= index < len(rules):
        index = next((n for n, rule in enumerate(rules) if rule.get("id") == reference["id"]), None)
    known = {} if index is None else rules[index]
    return {**known, "id": reference["id"] or known.get("id")}


def _message(rule: Object, message: Object) -> str:
    text = text_of(message.get("text")) or text_of(message.get("markdown"))
    if not text:
        known = (rule.get("messageStrings") or {}).get(message.get("id")) or rule.get("shortDescription") or {}
        text = text_of(known.get("text"))
    arguments = [text_of(argument) for argument in message.get("arguments") or ()]
    if not arguments:
        return text
    return _ARGUMENT.sub(lambda m: arguments[int(m[1])] if int(m[1]) < len(arguments) else m[0], text)


def _path(run: Object, artifact: Object) -> str:
    """The path that an artifact's place stands for: absolute, or relative to where the tool ran."""
    if "uri" not in artifact and artifact.get("index", -1) >= 0:
        artifact = run["artifacts"][artifact["index"]]["location"]
    uri = text_of(artifact.get("uri"))
    bases = run.get("originalUriBaseIds") or {}
    for _ in range(_DEEPEST_BASE):
        if _is_absolute(uri) or "uriBaseId" not in artifact:
            break
        artifact = bases.get(artifact["uriBaseId"]) or {}
        if base := text_of(artifact.get("uri")):
            uri = f"{base.rstrip('/')}/{uri}"
    if uri.lower().startswith("file:"):
        uri = uri[len("file:") :]
        if uri.startswith("//"):
            uri = "/" + uri[2:].partition("/")[2]  # without the host
    return os.fsdecode(unquote_to_bytes(uri.encode("utf-8", "surrogateescape")))


def _is_absolute(uri: str) -> bool:
    return uri.startswith("/") or uri.lower().startswith("file:")


def _first_notification(invocation: Object) -> str:
    for notification in invocation.get("toolExecutionNotifications") or ():
        if text := text_of((notification.get("message") or {}).get("text")):
            return f": {text}"
    return ""

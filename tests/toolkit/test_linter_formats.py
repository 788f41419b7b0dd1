"""Reading what linters print: the dialects they have, and garbage."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline.linter_formats import Reported, UnreadableOutput, read_findings, stopped_early


def gcc(text: str, names: tuple[str, ...] = ()) -> list[Reported]:
    return read_findings("gcc", text.encode("utf-8", "surrogateescape"), names)


def sarif(*results: dict[str, Any], **run: Any) -> list[Reported]:
    document = {"version": "2.1.0", "runs": [{"results": list(results), **run}]}
    return read_findings("sarif", json.dumps(document).encode())


def at(uri: str, **more: Any) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": 3}}
    return {"ruleId": "R1", "message": {"text": "m"}, "locations": [{"physicalLocation": place}], **more}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a.py:1:1: F401 'os' unused", Reported("a.py", "F401", "'os' unused", 1, 1)),
        ("a.py:4: E302 expected 2", Reported("a.py", "E302", "expected 2", 4)),
        ("a.py:5:9: ABC1234 long code", Reported("a.py", "ABC1234", "long code", 5, 9)),
        (
            'a.py:3: error: Bad "List[int]"  [arg-type]',
            Reported("a.py", "arg-type", 'Bad "List[int]"', 3),
        ),
        ("a.py:3:10: error: Bad  [assignment]", Reported("a.py", "assignment", "Bad", 3, 10)),
        ("a.py:3:10:3:12: error: Bad  [assignment]", Reported("a.py", "assignment", "Bad", 3, 10, 3, 13)),
        ("a.py: error: Cannot decode file: bad", Reported("a.py", "", "Cannot decode file: bad")),
        ("a.py:3: error: no code", Reported("a.py", "", "no code", 3)),
        (
            "a.py:1:0: C0114: Missing module docstring (missing-module-docstring)",
            Reported("a.py", "C0114", "Missing module docstring (missing-module-docstring)", 1, 1),
        ),
        ("a.py:7: [W0611(unused-import), f] Unused", Reported("a.py", "W0611", "Unused", 7)),
        ("a.py:7: [W0611] Unused", Reported("a.py", "W0611", "Unused", 7)),
        ("m.c:2:5: warning: unused 'x' [-Wunused]", Reported("m.c", "unused", "unused 'x'", 2, 5)),
        ("m.c:2:5: fatal error: no such file", Reported("m.c", "", "no such file", 2, 5)),
        ("x.sh:2:5: note: Double quote [SC2086]", Reported("x.sh", "SC2086", "Double quote", 2, 5)),
        ("/abs/a b.py:2: some text", Reported("/abs/a b.py", "", "some text", 2)),
        ("a.py:2:tight", Reported("a.py", "", "tight", 2)),
        ("a.py:2:1: W291 trailing\r", Reported("a.py", "W291", "trailing", 2, 1)),
        ("caf\udce9.py:2: x", Reported("caf\udce9.py", "", "x", 2)),
    ],
)
def test_gcc_dialects(line: str, expected: Reported) -> None:
    assert gcc(line + "\n") == [expected]
    assert gcc(f"heading\n{line}\nFound 1 error in 1 file (checked 2 source files)\n") == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Found 3 errors in 1 file (checked 2 source files)",
        "Success: no issues found in 1 source file",
        "************* Module a",
        "Your code has been rated at 0.00/10 (previous run: 9.00/10, -9.00)",
        "a.py:3: note: Revealed type is 'int'",
        "a.py:3: note: By default the bodies are not checked  [annotation-unchecked]",
        "a.py: note: In function f:",
        "summary: everything is fine",
        "Traceback (most recent call last):",
        '  File "/x/a.py", line 18, in run',
    ],
)
def test_gcc_lines_that_are_no_findings(text: str) -> None:
    assert gcc(text) == []


def test_gcc_names_that_look_like_more() -> None:
    names = ("x:1 y.py", "n\nl.py", "l.py", "d/o:2: E1 z.py")
    text = "x:1 y.py:3: E1 a\nn\nl.py:4:2: E2 b\nl.py:5:1: E3 c\n/tmp/q/x:1 y.py:6: E4 d\n./d/o:2: E1 z.py:7: E5 e\n"
    assert [(f.path, f.line, f.rule) for f in gcc(text, names)] == [
        ("x:1 y.py", 3, "E1"),
        ("n\nl.py", 4, "E2"),
        ("l.py", 5, "E3"),
        ("/tmp/q/x:1 y.py", 6, "E4"),
        ("./d/o:2: E1 z.py", 7, "E5"),
    ]


def test_stopped_early() -> None:
    assert stopped_early(b"Found 1 error in 1 file (errors prevented further checking)\n")
    assert not stopped_early(b"Found 1 error in 1 file (checked 1 source file)\n")


def test_ruff() -> None:
    item = {
        "cell": None,
        "code": "F401",
        "filename": "/r/a.py",
        "message": "`os` imported but unused",
        "location": {"row": 1, "column": 8},
        "end_location": {"row": 2, "column": 10},
    }
    syntax = {**item, "code": None, "end_location": None}
    notebook = {**item, "cell": 2}
    assert read_findings("ruff-json", json.dumps([item, syntax, notebook]).encode()) == [
        Reported("/r/a.py", "F401", "`os` imported but unused", 1, 8, 2, 10),
        Reported("/r/a.py", "invalid-syntax", "`os` imported but unused", 1, 8),
        Reported("/r/a.py", "F401", "`os` imported but unused"),
    ]
    assert read_findings("ruff-json", b"[]") == []


def test_sarif_places() -> None:
    region = {"startLine": 2, "startColumn": 3, "endLine": 4, "endColumn": 5}
    full = at("a.py", locations=[{"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": region}}])
    assert sarif(full) == [Reported("a.py", "R1", "m", 2, 3, 4, 5)]
    assert sarif(at("a.py")) == [Reported("a.py", "R1", "m", 3, 0, 3)]
    whole = at("a.py", locations=[{"physicalLocation": {"artifactLocation": {"uri": "a.py"}}}])
    assert sarif(whole) == [Reported("a.py", "R1", "m")]
    assert sarif(at("a.py", locations=[]), {"message": {"text": "about nothing"}}) == []


@pytest.mark.parametrize(
    ("artifact", "run", "path"),
    [
        ({"uri": "src/a%20b%3A.py"}, {}, "src/a b:.py"),
        ({"uri": "caf%E9.py"}, {}, "caf\udce9.py"),
        ({"uri": "100%.py"}, {}, "100%.py"),
        ({"uri": "file:///tmp/x/a.py"}, {}, "/tmp/x/a.py"),
        ({"uri": "file://host/tmp/a.py"}, {}, "/tmp/a.py"),
        ({"uri": "file:/tmp/a.py"}, {}, "/tmp/a.py"),
        ({"uri": "a.py", "uriBaseId": "%SRCROOT%"}, {}, "a.py"),
        ({"uri": "a.py", "uriBaseId": "R"}, {"originalUriBaseIds": {"R": {"uri": "file:///tmp/x/"}}}, "/tmp/x/a.py"),
        (
            {"uri": "a.py", "uriBaseId": "S"},
            {"originalUriBaseIds": {"R": {"uri": "file:///tmp/x"}, "S": {"uri": "src/", "uriBaseId": "R"}}},
            "/tmp/x/src/a.py",
        ),
        (
            {"uri": "a.py", "uriBaseId": "S"},
            {"originalUriBaseIds": {"S": {"uri": "", "uriBaseId": "S"}}},
            "a.py",
        ),
        ({"index": 1}, {"artifacts": [{}, {"location": {"uri": "b.py"}}]}, "b.py"),
    ],
)
def test_sarif_paths(artifact: dict[str, Any], run: dict[str, Any], path: str) -> None:
    location = {"physicalLocation": {"artifactLocation": artifact}}
    assert [f.path for f in sarif(at("", locations=[location]), **run)] == [path]


def test_sarif_counts_failures_that_stand() -> None:
    results = [
        at("pass", kind="pass"),
        at("informational", kind="informational"),
        at("absent", baselineState="absent"),
        at("suppressed", suppressions=[{"kind": "inSource"}]),
        at("rejected", suppressions=[{"kind": "inSource", "status": "rejected"}]),
        at("open", kind="open"),
        at("note", level="note"),
        at("unsuppressed", suppressions=[]),
    ]
    assert [f.path for f in sarif(*results)] == ["rejected", "open", "note", "unsuppressed"]


def test_sarif_rules_and_messages() -> None:
    rules = [
        {"id": "A", "messageStrings": {"default": {"text": "found {0} in {1}, {2}"}}},
        {"id": "B", "shortDescription": {"text": "b is bad"}},
    ]
    by_index = at("a.py", ruleIndex=0, message={"id": "default", "arguments": ["x", "y"]})
    del by_index["ruleId"]
    by_reference = at("a.py", rule={"id": "B"}, message={})
    del by_reference["ruleId"]
    by_id = at("a.py", ruleId="B", message={})
    plain = at("a.py", ruleIndex=7, message={"markdown": "**m**"})
    found = sarif(by_index, by_reference, by_id, plain, tool={"driver": {"name": "t", "rules": rules}})
    assert [(f.rule, f.message) for f in found] == [
        ("A", "found x in y, {2}"),
        ("B", "b is bad"),
        ("B", "b is bad"),
        ("R1", "**m**"),
    ]


def test_sarif_that_tells_of_a_crash() -> None:
    told = [{"executionSuccessful": False, "toolExecutionNotifications": [{"message": {"text": "out of cheese"}}]}]
    with pytest.raises(UnreadableOutput, match=r"^it says that the tool failed: out of cheese$"):
        sarif(at("a.py"), invocations=told)
    with pytest.raises(UnreadableOutput, match=r"^it says that the tool failed$"):
        sarif(invocations=[{"executionSuccessful": False}])
    assert len(sarif(at("a.py"), invocations=[{"executionSuccessful": True}])) == 1


@pytest.mark.parametrize("form", ["sarif", "ruff-json"])
@pytest.mark.parametrize(
    "output",
    [b"", b"no", b"{", b"1", b"null", b"{}", b'{"runs": 1}', b'{"runs": {}}', b'[{"code": 1}]', b"[[]]", b"[" * 100_000, b"\xff\xfe", b"[1" + b"0" * 9999],
)  # fmt: skip
def test_not_in_the_format(form: str, output: bytes) -> None:
    with pytest.raises(UnreadableOutput) as caught:
        read_findings(form, output)
    assert "\n" not in str(caught.value)


def test_no_runs_is_fine_and_a_bom_too() -> None:
    assert read_findings("sarif", b'\xef\xbb\xbf{"runs": []}') == []
    assert read_findings("ruff-json", b"\xef\xbb\xbf[]") == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["a.py", "fail"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "runs",
                        "results",
                        "locations",
                        "physicalLocation",
                        "artifactLocation",
                        "uri",
                        "region",
                        "startLine",
                    ),
                    *("ruleIndex", "tool", "driver", "rules", "message", "text", "arguments", "kind", "suppressions"),
                    *("index", "uriBaseId", "invocations", "rule", "filename", "code", "location", "row", "cell"),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(form=st.sampled_from(["sarif", "ruff-json"]), document=JSON)
def test_json_garbage_is_read_or_refused(form: str, document: Any) -> None:
    as_results = {"runs": [{"results": [{"locations": [{"physicalLocation": document}], "message": document}]}]}
    for value in (document, [document], {"runs": [document]}, {"runs": [{"results": [document]}]}, as_results):
        try:
            found = read_findings(form, json.dumps(value).encode())
        except UnreadableOutput:
            continue
        assert all(isinstance(f.path, str) and f.line >= 0 for f in found)


GCC_PIECES = st.sampled_from(
    ["a.py", ":", "1", " ", "\n", "\r", "error:", "note:", "[x]", "[", "]", "C0114:", "E501", "(", ")", "-", "\udcff", "\0", "9" * 12]
)  # fmt: skip


@given(st.lists(GCC_PIECES, max_size=40).map("".join) | st.binary().map(lambda b: b.decode("utf-8", "surrogateescape")))
def test_gcc_garbage(text: str) -> None:
    for finding in gcc(text, ("a:1", "b\n")):
        assert finding.path
        assert 0 <= finding.line < 10**9


def test_a_long_line_takes_no_time() -> None:
    for text in ("a.py:1: error: " + " [" * 100_000, "a.py:1: C0114: " + "(" * 100_000, ":" * 200_000, "a" * 1_000_000):
        assert len(gcc(text)) <= 1

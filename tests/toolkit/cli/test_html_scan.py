"""`holdline scan --format html`, and its report in a real browser: looked at, searched, walked through by keyboard."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys

from holdline_runtime import get_env

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

ODD = "tests/<b>odd\n&quot;.py"
FILES = {
    "app/core.py": 'import os\n\nNAME = os.environ["NAME"]\n',
    "app/web/views.py": 'import os\n\n\ndef view():\n    return os.getenv("VIEW", "<script>alert(1)</script>")\n',
    "app/clean.py": "X = 1\n",
    "tests/auth/test_login.py": 'import os\n\n\ndef test_login():\n    os.environ["USER"] = "me"\n    assert vars(os.environ)\n',
    ODD: 'import os\n\nos.environ["</script><img src=x onerror=alert(1)>"]\n',
    "tests/test_broken.py": "def (:\nimport os\nos.environ\n",
    "tests/test_far.py": "import os\n" + "\n" * 30 + 'A = os.getenv("A")\n' + "\n" * 30 + 'B = os.getenv("B")\n',
}


def program(name: str, package: str) -> str:
    """Find a program. Without it tests are skipped; where CI runs they fail, as it has to install it."""
    found = shutil.which(name)
    if found is None:
        message = f"{name} is missing: apt-get install {package}"
        if get_env().get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = program("chromium", "chromium")
    home = tmp_path_factory.mktemp("chromium")
    for flag in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={home}"):
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = Chrome(options, Service(program("chromedriver", "chromium-driver")))
    try:
        yield browser
    finally:
        browser.quit()


class Report:
    """A report open in the browser."""

    def __init__(self, chrome: Chrome) -> None:
        self.chrome = chrome

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script, in the browser's own world of trust: the page's policy is about the page."""
        return self.chrome.execute_script(script, *arguments)

    def texts(self, selector: str) -> list[str]:
        found = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
        return self.run(found, selector)  # type: ignore[no-any-return]

    def press(self, *keys: str) -> None:
        ActionChains(self.chrome).send_keys(*keys).perform()

    def focused(self) -> str:
        """What has the focus: its id, or what it is called."""
        return self.run(  # type: ignore[no-any-return]
            "const e = document.activeElement; return e.id || e.getAttribute('aria-label') || e.textContent"
        )

    def wait(self, asked: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
        """Ask until the answer is as wanted: a page has its own time for events."""
        end = time.monotonic() + 10
        while not wanted(answer := asked()):
            assert time.monotonic() < end, answer
            time.sleep(0.02)
        return answer

    def expect(self, shown: str) -> None:
        """Wait until the list says how much it shows."""
        self.wait(lambda: self.texts("#shown")[0].replace("\xa0", " "), lambda said: shown in said)

    def details(self, count: int) -> list[str]:
        """The text of the open violations, once there are so many."""
        return self.wait(lambda: self.texts(".detail"), lambda texts: len(texts) == count)  # type: ignore[no-any-return]

    def open_all(self) -> None:
        self.run("for (const e of document.querySelectorAll('details')) e.open = true")
        self.details(len(self.texts(".row")))

    def listed(self) -> set[str]:
        return set(self.texts("#rows .path"))

    def set_scheme(self, scheme: str) -> None:
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo(FILES, name="shop & co")


@pytest.fixture
def view(chrome: Chrome, call: Run, tmp_path: Path) -> Callable[[Repo], Report]:
    """Scan a repository and open the report."""

    def show(repo: Repo, *arguments: str) -> Report:
        page = tmp_path / "report.html"
        done = call(repo.root, "scan", "--format", "html", "-o", str(page), *arguments)
        assert (done.code, done.err, done.out) == (0, "", b"")
        chrome.get_log("browser")
        chrome.get_log("performance")
        report = Report(chrome)
        report.set_scheme("light")
        chrome.set_window_size(1280, 900)
        chrome.get(page.as_uri())
        return report

    return show


@pytest.fixture
def report(repo: Repo, view: Callable[[Repo], Report]) -> Report:
    return view(repo)


# the command


def test_on_standard_output(repo: Repo, shell: Run) -> None:
    done = shell(repo.root, "scan", "--format", "html")
    assert (done.code, done.err) == (0, "")
    assert done.text.startswith("<!DOCTYPE html>\n")
    assert shell(repo.root, "scan", "--format", "html").out == done.out
    assert shell(repo.root, "scan", "--format", "html", "--fail-on-violations").code == 1


def test_in_the_base_install(repo: Repo, shell: Run, without: Run) -> None:
    done = shell(repo.root, "scan", "--format", "html", env=without("git", "gitdb", "rich", "tqdm"))
    assert (done.code, done.err) == (0, "")


def test_runs_make_a_burn_down(repo: Repo, call: Run) -> None:
    assert "Burn-down" not in call(repo.root, "scan", "--format", "html").text
    call(repo.root, "migrate")
    text = call(repo.root, "scan", "--format", "html").text
    assert "Burn-down" in text
    assert re.search(r"7 violations on 20\d\d-\d\d-\d\d, 3 on", text)


def test_a_damaged_journal_costs_the_burn_down_alone(repo: Repo, call: Run) -> None:
    call(repo.root, "migrate")
    repo.write(".git/holdline/runs.sqlite3", b"not a database at all" * 100)
    done = call(repo.root, "scan", "--format", "html")
    assert done.code == 0
    assert "Burn-down" not in done.text
    assert done.err.startswith("holdline: no burn-down: the journal")


def test_check_has_no_such_format(repo: Repo, call: Run) -> None:
    assert "invalid choice: 'html'" in call(repo.root, "check", "--format", "html").complaint


# in a browser


def test_nothing_is_fetched_and_nothing_goes_wrong(report: Report) -> None:
    messages = [json.loads(entry["message"])["message"] for entry in report.chrome.get_log("performance")]
    requests = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    mine = [r["request"]["url"] for r in requests if not r["documentURL"].startswith("chrome")]  # its own start page
    assert [url.rpartition("/")[2] for url in mine] == ["report.html"]
    assert report.chrome.get_log("browser") == []
    assert report.texts("h1") == ["shop & co"]
    assert report.texts(".score") == ["16.7 % compliant"]


def test_the_policy_holds_in_this_browser(report: Report) -> None:
    report.run(
        "const s = document.createElement('script'); s.textContent = 'window.broken = 1'; document.body.append(s)"
    )
    report.run(
        "const s = document.createElement('style'); s.textContent = 'body{display:none}'; document.head.append(s)"
    )
    assert report.run("return [window.broken, getComputedStyle(document.body).display]") == [None, "block"]


def test_hostile_text_is_shown_as_text(report: Report) -> None:
    assert r"tests/<b>odd\n&quot;.py" in report.listed()
    assert 'os.environ["</script><img src=x onerror=alert(1)>"]' in report.texts(".row .source")
    assert report.run("return document.querySelectorAll('img, b b, #rows b').length") == 0
    report.open_all()
    assert report.run("return document.querySelectorAll('img, #rows script').length") == 0
    assert report.chrome.get_log("browser") == []


def test_a_violation_opens_with_its_change_and_its_reason(report: Report) -> None:
    report.press("/", "test_login")
    report.expect("2 violations in 1 file")
    report.open_all()
    fixed, left = report.details(2)
    assert '-    os.environ["USER"] = "me"' in fixed
    assert '+    get_env().set("USER", "me")' in fixed
    assert "Left: " in left
    assert "assert vars(os.environ)" in left
    assert report.texts(".row .badge") == ["safe fix", "by hand"]


def test_a_change_shows_what_comes_with_it(report: Report) -> None:
    """The import that the new text needs is a change of its own, far from the violation."""
    report.press("/", "test_far")
    report.expect("2 violations in 1 file")
    report.press(Keys.TAB, Keys.TAB, Keys.TAB, Keys.TAB, Keys.TAB, Keys.TAB, Keys.ENTER)
    (shown,) = report.details(1)
    assert re.search(
        r"-A = os\.getenv.*With it, in the same file:.*\+from holdline_runtime import get_env", shown, re.S
    )
    assert 'os.getenv("B")' not in shown


def test_search_and_filters(report: Report) -> None:
    report.expect("7 violations in 5 files")
    report.press("/", "getenv VIEWS")
    report.expect("1 violation in 1 file")
    assert report.listed() == {"app/web/views.py"}
    report.press(Keys.TAB, Keys.TAB, Keys.TAB, Keys.TAB)
    assert report.focused() == "reset"
    report.press(Keys.ENTER)
    report.expect("7 violations in 5 files")
    assert report.focused() == "search"
    for name, value, shown in (
        ("rule", "HL102 environment-write", "1 violation in 1 file"),
        ("category", "source", "0 violations in 0 files"),
        ("rule", "all", "2 violations in 2 files"),
        ("remedy", "by hand", "0 violations in 0 files"),
        ("category", "tests", "1 violation in 1 file"),
    ):
        report.run(
            """const select = document.getElementById(arguments[0]);
            select.value = [...select.options].find((o) => o.text === arguments[1]).value;
            select.dispatchEvent(new Event("change"))""",
            name,
            value,
        )
        report.expect(shown)


def test_drill_down_by_keyboard_alone(report: Report) -> None:
    report.press("/", *[Keys.TAB] * 5)
    assert report.focused() == "all files, 7 violations, 16.7 % of 6 files clean"
    walked = []
    for key in (
        Keys.ARROW_RIGHT,
        Keys.ARROW_DOWN,
        Keys.ARROW_RIGHT,
        Keys.ARROW_RIGHT,
        Keys.END,
        Keys.HOME,
        Keys.ARROW_DOWN,
    ):
        report.press(key)
        walked.append(report.focused())
    assert walked == [
        "tests/, 5 violations, 0.0 % of 3 files clean",
        "app/, 2 violations, 33.3 % of 3 files clean",
        "app/, 2 violations, 33.3 % of 3 files clean",
        "core.py, 1 violation",
        "web/, 1 violation, 0.0 % of 1 file clean",
        "all files, 7 violations, 16.7 % of 6 files clean",
        "tests/, 5 violations, 0.0 % of 3 files clean",
    ]
    report.press(Keys.ENTER)
    report.expect("5 violations in 3 files in tests/")
    report.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.SPACE)
    report.expect("violations in 1 file in tests/")
    report.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert report.focused() == "tests/, 5 violations, 0.0 % of 3 files clean"
    assert report.run("return document.activeElement.getAttribute('aria-expanded')") == "false"
    report.press(Keys.TAB)
    assert report.run("return document.activeElement.tagName") == "SUMMARY"
    report.press(Keys.ENTER)
    assert report.run("return document.activeElement.parentElement.open")


def test_the_tree_tells_what_it_is(report: Report) -> None:
    report.press("/", *[Keys.TAB] * 5)
    item = "const e = document.activeElement; return [e.role, e.ariaLevel, e.ariaExpanded, e.ariaSelected]"
    assert report.run(item) == ["treeitem", "1", "true", "true"]
    report.press(Keys.ARROW_DOWN)
    assert report.run(item) == ["treeitem", "2", "false", "false"]
    assert report.run("return document.querySelectorAll('#tree [tabindex=\"0\"]').length") == 1


def test_everything_can_be_reached_by_tab_and_shows_it(report: Report) -> None:
    seen = []
    for _ in range(60):
        report.press(Keys.TAB)
        name, outline = report.run(
            """const e = document.activeElement, inner = e.querySelector(":scope > .node");
            const style = getComputedStyle(inner || e);
            return [e.id || e.className || e.tagName, [style.outlineStyle, parseFloat(style.outlineWidth)]]"""
        )
        if name == "BODY":
            break
        seen.append(name)
        assert outline[0] != "none", name
        assert outline[1] >= 2, name
    assert seen[0] == "skip"
    order = [seen.index(name) for name in ("skip", "theme", "search", "rule", "category", "remedy", "reset")]
    assert order == sorted(order)
    assert seen.count("SUMMARY") >= 7


def test_links_of_the_summary_lead_to_the_violations(report: Report) -> None:
    report.run("document.querySelector('[data-rule=HL102]').click()")
    report.expect("1 violation in 1 file")
    assert report.focused() == "violations"
    report.run("document.querySelector('[data-path=\"app/core.py\"]').click()")
    report.expect("1 violation in 1 file in app/core.py")
    assert report.listed() == {"app/core.py"}


CONTRAST = """
const luminance = (c) => {
  const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const behind = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c.slice(0, 3);
  }
  return parse(getComputedStyle(document.documentElement).colorScheme === "dark" ? "0 0 0" : "255 255 255");
};
const worst = [];
for (const e of document.querySelectorAll("body *")) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  if (!own || !e.checkVisibility() || e.closest("script, style, noscript, option, .skip")) continue;
  const isDrawn = e instanceof SVGElement;
  const style = getComputedStyle(e);
  const a = luminance(parse(isDrawn ? style.fill : style.color).slice(0, 3)), b = luminance(behind(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  worst.push([ratio, e.tagName + "." + (e.className.baseVal ?? e.className) + ": " + e.textContent.slice(0, 40)]);
}
worst.sort((a, b) => a[0] - b[0]);
return [worst.length, worst[0]];
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast(repo: Repo, call: Run, view: Callable[[Repo], Report], scheme: str) -> None:
    call(repo.root, "migrate", "tests/auth/test_login.py")  # a burn-down
    report = view(repo)
    report.set_scheme(scheme)
    report.open_all()
    checked, (ratio, where) = report.run(CONTRAST)
    assert checked > 100
    assert ratio >= 4.5, where


def test_the_switch_and_the_system_decide_on_the_colours(report: Report) -> None:
    def colours() -> tuple[int, str]:
        found = report.run(
            """return [getComputedStyle(document.body).backgroundColor,
            document.getElementById("theme").getAttribute("aria-pressed")]"""
        )
        return sum(map(int, re.findall(r"\d+", found[0])[:3])), found[1]

    light = colours()
    assert (light[0] > 600, light[1]) == (True, "false")
    report.set_scheme("dark")
    dark = report.wait(colours, lambda now: now[1] == "true")
    assert dark[0] < 150
    report.press("/", Keys.SHIFT + Keys.TAB)  # somewhere else than the switch
    report.run("document.getElementById('theme').focus()")
    report.press(Keys.SPACE)
    assert colours() == light
    report.press(Keys.ENTER)
    assert colours() == dark


@pytest.mark.parametrize("width", [320, 400, 768, 1280])
def test_nothing_sticks_out_sideways(report: Report, width: int) -> None:
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    report.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        report.open_all()
        assert report.run("return document.documentElement.scrollWidth") <= width
    finally:
        report.chrome.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_ten_thousand_violations_stay_quick(make_repo: MakeRepo, view: Callable[[Repo], Report]) -> None:
    reads = "".join(f'A{i} = os.environ["A{i}"]\n' for i in range(100))
    repo = make_repo({f"pkg{i % 10}/sub{i % 7}/module_{i}.py": f"import os\n{reads}" for i in range(100)})
    report = view(repo)
    report.expect("10 000 violations in 100 files")
    times = report.run("const t = performance.getEntriesByType('navigation')[0]; return t.domComplete - t.responseEnd")
    assert times < 5_000  # milliseconds; some 200 where nothing else runs
    assert len(report.texts(".row")) == 200
    took = report.run(
        """const search = document.getElementById("search"); search.value = "module_17 a42";
        const from = performance.now(); document.getElementById("rule").dispatchEvent(new Event("change"));
        return performance.now() - from"""
    )
    report.expect("1 violation in 1 file")
    assert took < 2_000
    report.run("document.getElementById('reset').click()")
    for shown in itertools.islice(itertools.count(400, 200), 3):
        report.run("document.getElementById('more').click()")
        assert len(report.texts(".row")) == shown
    assert report.run("return document.activeElement.tagName") == "SUMMARY"


def test_it_prints(report: Report) -> None:
    printed = report.chrome.print_page()
    assert len(printed) > 10_000
    report.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        seen = "return ['theme', 'filters', 'rows'].map((id) => document.getElementById(id).checkVisibility())"
        assert report.run(seen) == [False, False, True]
    finally:
        report.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

"""Small programs that do something with the environment and end: for running before and after a rewrite.

Where the templates of `positions` are about grammar, these are about flow: what was saved is restored, what is patched
is read inside and outside, exceptions leave blocks half-way, helpers and variables hand the environment on.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from fuzzing.accesses import READS
from fuzzing.programs import compiles, program
from fuzzing.spellings import FROM_IMPORTS, RUNNABLE

_NAMES = ('"A"', '"B"', '"C"', '"D"', '"MISSING"', "key")
_TEXTS = (
    '"1"',
    '""',
    '"a b"',
    "value",
    "key",
    '"x" + value',
    'f"{value}!"',
    'E["A"]',
    'E.get("B", "?")',
    'GETENV("C", "c")',
)
#: Of the values that end in TypeError; a patch must not get one (see "Deliberate differences" in docs/rewrites.md).
_WRONG = ("1", "None", "b'x'")
_ERRORS = ("KeyError", "TypeError", "(KeyError, TypeError)", "Exception", "LookupError")
_OPENING = (
    "import contextlib, copy, functools, io, unittest",
    "def helper(env, name='A'):\n    return env.get(name), name in env",
    "def writer(env=E, *names):\n    for n, name in enumerate(names):\n        env[name] = str(n)\n    return len(env)",
    "class Config:\n    default = E.get('A', 'none')\n\n    def __init__(self, name=GETENV('B', 'b')):\n"
    "        self.name = name\n        self.value = E.get(name)\n\n    @property\n    def live(self):\n"
    "        return E[self.name]",
    "def reader():\n    while True:\n        yield E.get('A'), len(E)",
    "lookup = lambda name, default=E.get('C'): E.get(name, default)",
)


class Scenario:
    """Writes one program, statement by statement."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.spelling = random.choice(RUNNABLE)
        self.names = 0
        self.statements: tuple[Callable[[int], str], ...] = (
            *(self.assign, self.write, self.write, self.delete, self.call, self.show),
            *(self.attempt, self.patched, self.patched, self.branch, self.loop, self.function, self.decorated),
            *(self.generator, self.restored, self.alias, self.started, self.stacked, self.test_case, self.replaced),
            *(self.matched, self.comprehension, self.coroutine, self.closure),
        )

    def text(self) -> str:
        """The program."""
        body = [*self.random.sample(_OPENING[1:], 4), self.block(3)]
        return program(self.spelling, "\n\n".join([_OPENING[0], *body]))

    def block(self, depth: int, indent: str = "") -> str:
        """Some statements; deeper ones become simpler."""
        count = self.random.randint(1, 4 if depth > 1 else 2)
        choices = self.statements if depth > 0 else self.statements[:6]
        lines = "\n".join(self.random.choice(choices)(depth - 1) for _ in range(count)).split("\n")
        return "\n".join(f"{indent}{line}" if line else "" for line in lines)

    def pick(self, choices: tuple[str, ...]) -> str:
        return self.random.choice(choices)

    def fresh(self, stem: str) -> str:
        self.names += 1
        return f"{stem}{self.names}"

    def variable(self) -> str:
        return f"v{self.random.randint(0, 5)}"

    def value(self) -> str:
        return self.pick(_TEXTS) if self.random.random() < 0.95 else self.pick(_WRONG)

    def read(self) -> str:
        """An expression that looks at the environment, and fits on a line."""
        while True:
            text = self.pick(READS)
            if "\n" not in text and self.spelling is not FROM_IMPORTS:
                return text
            if "\n" not in text and "OS" not in text:
                return text

    def values(self) -> str:
        """What a patch is given, the target apart."""
        entries = ", ".join(f"{self.pick(_NAMES)}: {self.pick(_TEXTS)}" for _ in range(self.random.randint(0, 2)))
        return self.pick(
            (
                f", {{{entries}}}",
                f", {{{entries}}}, clear=True",
                f", values={{{entries}}}",
                f", {{{entries}}}, True",
                f", B={self.pick(_TEXTS)}",
                f", {{{entries}}}, B={self.pick(_TEXTS)}, clear={self.pick(('False', 'True', '1', '0'))}",
                f", [('B', {self.pick(_TEXTS)})]",
                ", {**E, 'D': 'd'}, clear=True",
                ", ((k, 'g') for k in 'AD')",
                "",
                ", clear=True",
            )
        )

    def patch(self) -> str:
        target = self.pick(("E", "E", "'os.environ'"))
        return f"DICT({target}{self.values()})"

    # statements

    def assign(self, depth: int) -> str:
        return f"{self.variable()} = {self.read()}"

    def write(self, depth: int) -> str:
        name, value = self.pick(_NAMES), self.value()
        return self.pick(
            (
                f"E[{name}] = {value}",
                f"E[{name}] = {value}",
                f"E[{name}] = {self.variable()} = {value}",
                f"E[{name}] += {value}",
                f"E.setdefault({name}, {value})",
                f"E.update({{{name}: {value}}})",
                f"E.update(B={value})",
                f"{self.variable()}, E[{name}] = 0, {value}",
                f"for E[{name}] in 'pq': {self.variable()} = {self.read()}",
                f"E[use({name}) and {name}] = {value}",
                f"E[f'{{{name}}}'] = E.get({name}, {value})",
            )
            + ((f"E |= {{{name}: {value}}}",) if self.spelling is not FROM_IMPORTS else ())
        )

    def delete(self, depth: int) -> str:
        name = self.pick(_NAMES)
        return self.pick((f"del E[{name}]", f"{self.variable()} = E.pop({name}, None)", f"E.pop({name})", "E.clear()"))

    def call(self, depth: int) -> str:
        return self.pick(
            (
                f"use(helper(E, {self.pick(_NAMES)}))",
                f"use(writer(E, {self.pick(_NAMES)}))",
                "use(env=E)",
                "use(**E)",
                f"{self.variable()} = lookup({self.pick(_NAMES)})",
                f"use(Config({self.pick(_NAMES)}).value)",
                "use(Config().live)",
                "use(next(reader()))",
                "use(copy.copy(E) == E, dict(E))",
                f"use(functools.partial(GETENV, {self.pick(_NAMES)})())",
            )
        )

    def show(self, depth: int) -> str:
        return self.pick((f"use({self.read()})", f"print({self.variable()}, {self.read()})", "use(sorted(E.items()))"))

    def attempt(self, depth: int) -> str:
        body, handler = self.block(depth, "    "), self.block(0, "    ")
        text = f"try:\n{body}\nexcept {self.pick(_ERRORS)} as error:\n    use(error.args)\n{handler}"
        if self.random.random() < 0.3:
            text += f"\nelse:\n{self.block(0, '    ')}"
        return text + (f"\nfinally:\n{self.block(0, '    ')}" if self.random.random() < 0.3 else "")

    def patched(self, depth: int) -> str:
        name = self.fresh("env")
        head = self.pick(
            (
                f"with {self.patch()}:",
                f"with {self.patch()}, use() as {name}:",
                f"with ({self.patch()}, {self.patch()}):",
                f"with contextlib.suppress(KeyError), {self.patch()}:",
            )
        )
        return f"{head}\n{self.block(depth, '    ')}"

    def branch(self, depth: int) -> str:
        test = self.pick((f"{self.pick(_NAMES)} in E", self.read(), "E", f"(v5 := GETENV({self.pick(_NAMES)}))"))
        return f"if {test}:\n{self.block(depth, '    ')}\nelse:\n{self.block(0, '    ')}"

    def loop(self, depth: int) -> str:
        items = self.pick(("sorted(E)", "list(E)[:2]", "sorted(E.items())", "'AB'", "list(E.keys())[:1]"))
        return f"for {self.variable()} in {items}:\n{self.block(depth, '    ')}"

    def function(self, depth: int) -> str:
        name = self.fresh("function")
        inside = self.pick(("", "    import os as os_\n    use(os_.environ.get('A'))\n", "    nothing = E.get('A')\n"))
        body = self.block(depth, "    ")
        parameter = self.pick(("", "a=E.get('A')", "a=1, *rest", "*, env=E"))
        return f"def {name}({parameter}):\n{inside}{body}\n    return {self.read()}\nuse({name}())"

    def decorated(self, depth: int) -> str:
        name = self.fresh("decorated")
        kind = self.random.random()
        if kind < 0.6:
            more = self.pick(("", "", f"@{self.patch()}\n", "@functools.wraps(use)\n"))
            body = self.block(depth, "    ")
            function = f"@{self.patch()}\ndef {name}():\n{body}\n    return {self.read()}"
            return f"{more}{function}\nuse({name}())\nuse({self.read()})"
        body = self.block(0, "        ")
        text = f"@{self.patch()}\nclass {name.title()}:\n    shown = {self.read()}\n\n    def test_a(self):\n{body}\n"
        text += f"        return {self.read()}\n\n    def other(self): return {self.read()}\n"
        return f"{text}use({name.title()}().test_a(), {name.title()}().other())"

    def generator(self, depth: int) -> str:
        name = self.fresh("generator")
        decorator = self.pick(("", f"@{self.patch()}\n", f"@contextlib.contextmanager\n@{self.patch()}\n"))
        body = self.block(depth, "    ")
        text = f"{decorator}def {name}():\n{body}\n    yield {self.read()}\n{self.block(0, '    ')}\n"
        if "contextmanager" in decorator:
            return f"{text}with {name}() as {self.variable()}: use({self.read()})"
        return f"{text}for {self.variable()} in {name}(): use({self.read()})"

    def restored(self, depth: int) -> str:
        """By hand, in a function or right here."""
        saved = self.fresh("saved")
        copied = self.pick(("dict(E)", "E.copy()", "{**E}", "copy.deepcopy(dict(E))"))
        body = self.block(depth, "    ")
        back = self.pick((f"E.clear()\n    E.update({saved})", f"E.clear(); E.update({saved})"))
        text = f"{saved} = {copied}\ntry:\n{body}\nfinally:\n    {back}"
        if self.random.random() < 0.5:
            return text
        name = self.fresh("restoring")
        inside = "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
        return f"def {name}():\n{inside}\n{name}()"

    def alias(self, depth: int) -> str:
        name = self.fresh("aliasing")
        change = self.pick(
            ("env['B'] = 'alias'", "env |= {'B': 'alias'}", "env.pop('A', None)", "env = dict(env)", "pass")
        )
        body = self.block(depth, "    ")
        result = "env.get('B'), len(env), 'A' in env"
        return f"def {name}():\n    env = E\n    {change}\n{body}\n    return {result}\nuse({name}())"

    def started(self, depth: int) -> str:
        name = self.fresh("patcher")
        body = self.block(depth, "    ")
        if self.random.random() < 0.5:
            return f"{name} = {self.patch()}\n{name}.start()\ntry:\n{body}\nfinally:\n    {name}.stop()"
        decorated = f"@{name}\ndef {name}_(): return {self.read()}\nuse({name}_())"
        return f"{name} = {self.patch()}\nwith {name}:\n{body}\nuse({self.read()})\n{decorated}"

    def stacked(self, depth: int) -> str:
        body = self.block(depth, "    ")
        more = self.pick(("", f"\n    stack.callback(lambda: use({self.read()}))", f"\n    {self.variable()} = stack"))
        return f"with contextlib.ExitStack() as stack:\n    stack.enter_context({self.patch()}){more}\n{body}"

    def test_case(self, depth: int) -> str:
        name = self.fresh("Case")
        body, second = self.block(depth, "        "), self.block(0, "        ")
        decorator = self.pick(("", f"@{self.patch()}\n"))
        setup = self.pick(
            (
                "self.patcher = {0}\n        self.patcher.start()\n        self.addCleanup(self.patcher.stop)",
                "self.env = {0}\n        self.env.start()",
                "E['A'] = 'set up'",
                "self.saved = dict(E)",
                "self.enterContext({0})",
            )
        ).format(self.patch())
        down = "E.clear()\n        E.update(self.saved)" if "saved" in setup else "pass"
        down = "self.env.stop()" if "self.env" in setup else down
        run = "use([len(x) for x in (r.errors, r.failures)], r.testsRun, [e.split('\\n')[-2] for _, e in r.errors])"
        return (
            f"{decorator}class {name}(unittest.TestCase):\n    def setUp(self):\n        {setup}\n\n"
            f"    def tearDown(self):\n        {down}\n\n    def test_a(self):\n{body}\n\n"
            f"    def test_b(self):\n        self.assertEqual({self.read()}, '1')\n{second}\n"
            f"r = unittest.TestResult()\nunittest.defaultTestLoader.loadTestsFromTestCase({name}).run(r)\n{run}"
        )

    def replaced(self, depth: int) -> str:
        """Another object in place of os.environ, for a while: rare, for it makes most rewrites unsafe."""
        if self.random.random() < 0.8 or self.spelling is FROM_IMPORTS:
            return self.write(depth)
        body = self.block(depth, "    ")
        new = self.pick(("{'A': 'replaced'}", "dict(E)", "dict(E, B='b')"))
        head = self.pick((f"with PATCH('os.environ', {new}):", f"with PATCH.object(OS, 'environ', {new}):"))
        return f"{head}\n{body}"

    def matched(self, depth: int) -> str:
        subject = self.pick(("E", "E.get('A')", "dict(E)", "E['A'], 1"))
        return (
            f"match {subject}:\n    case {{'A': found, **rest}}:\n        use(found, rest)\n"
            f"{self.block(0, '        ')}\n"
            f"    case str():\n{self.block(0, '        ')}\n    case _ if {self.read()}:\n        use(2)"
        )

    def comprehension(self, depth: int) -> str:
        return self.pick(
            (
                f"{self.variable()} = [E[k] for k in sorted(E) if E.get(k)]",
                f"{self.variable()} = {{k: E.get(k, {self.value()}) for k in 'ABZ'}}",
                f"{self.variable()} = sorted(v for k, v in E.items())",
                f"{self.variable()} = [x for E['B'] in '12' for x in E['B']]",
                f"{self.variable()} = [last := E.get(k) for k in 'AB']",
                f"{self.variable()} = list(map(GETENV, 'AB')), any(map(E.get, 'AB'))",
            )
        )

    def coroutine(self, depth: int) -> str:
        name = self.fresh("coroutine")
        decorator = self.pick(("", f"@{self.patch()}\n"))
        body = self.block(depth, "    ")
        return (
            f"{decorator}async def {name}():\n{body}\n    return {self.read()}\n"
            f"try:\n    {name}().send(None)\nexcept StopIteration as stop:\n    use(stop.value)\nuse({self.read()})"
        )

    def closure(self, depth: int) -> str:
        name = self.fresh("outer")
        return (
            f"def {name}(found=None):\n    def inner(key='A'):\n        nonlocal found\n"
            f"        found = E.get(key, found)\n        return E\n"
            f"    inner({self.pick(_NAMES)})\n    return found, inner()['A']\nuse({name}())"
        )


def scenario(random: Random) -> bytes:
    """A program that compiles, perhaps only after a few tries."""
    for _ in range(20):
        data = Scenario(random).text().encode()
        if compiles(data):
            break
    return data

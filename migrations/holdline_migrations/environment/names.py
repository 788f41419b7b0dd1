"""Names of the environment's interface, and what is known about functions that take a mapping."""

#: Attributes of module os that are the environment or work on it.
OS_NAMES = frozenset({"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"})
#: What `from os import *` brings of these (os.__all__; the bytes views exist on POSIX only).
STAR_NAMES = {"os": OS_NAMES}

READ_METHODS = frozenset(
    {"get", "keys", "items", "values", "copy", "__getitem__", "__contains__", "__iter__", "__len__"}
)
WRITE_METHODS = frozenset({"update", "setdefault", "pop", "popitem", "clear", "__setitem__", "__delitem__", "__ior__"})

#: How many arguments methods take; those that are missing here pass what they get on to os.environ.
ARITIES = {"get": range(1, 3)} | dict.fromkeys(("keys", "items", "values", "copy", "clear", "popitem"), range(1))

#: Builtins that read a mapping and keep, show and test nothing of its identity.
READING_BUILTINS = frozenset(
    {
        "all", "any", "bool", "dict", "enumerate", "filter", "frozenset", "iter", "len", "list", "map", "max", "min",
        "set", "sorted", "tuple", "zip",
    }
)  # fmt: skip
#: Library functions that take any mapping for what it holds, or do for get_env() what they did for os.environ (copy).
READING_FUNCTIONS = frozenset(
    {
        "collections.ChainMap", "collections.Counter", "collections.OrderedDict", "collections.UserDict", "copy.copy",
        "copy.deepcopy", "itertools.chain", "types.MappingProxyType",
        "os.execle", "os.execlpe", "os.execve", "os.execvpe", "os.posix_spawn", "os.posix_spawnp", "os.spawnle",
        "os.spawnlpe", "os.spawnve", "os.spawnvpe",
        "subprocess.Popen", "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output",
        "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell",
    }
)  # fmt: skip
#: Methods, whatever their object, that take a mapping for what it holds: unittest's assertions, string templates,
#: pytest's monkeypatch.
READING_METHODS = frozenset(
    {
        "assertIn", "assertNotIn", "assertEqual", "assertNotEqual", "assertEquals", "assertNotEquals", "assertTrue",
        "assertFalse", "assertCountEqual", "assertDictContainsSubset", "assertDictEqual",
        "format_map", "substitute", "safe_substitute", "setitem", "delitem",
    }
)  # fmt: skip

#: pytest-mock's fixtures.
MOCKER_FIXTURES = frozenset({"mocker", "class_mocker", "module_mocker", "package_mocker", "session_mocker"})

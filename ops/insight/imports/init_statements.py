"""Objects that a module creates when it is imported, from its source: environments restored from one snapshot share
them.

A reading of the syntax tree, not of what runs: a call behind a function that is called in INIT is not seen, and a name that is
found may be harmless. Kinds after Lambda's guide on uniqueness with SnapStart (LDG snapstart-uniqueness, 2026-11).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from ops.errors import UsageError
from ops.insight.imports.model import InitStatement

MAX_FILES = 400
SEED, IDENTIFIER, CLIENT, TEMPORARY, TIME, SECRET = "seed", "ID", "client", "temporary file", "time", "secret"
ADVICE = {
    SEED: "every restored environment draws the same numbers: seed it in an after-restore hook or in the handler",
    IDENTIFIER: "every restored environment has the same one: make it in the handler",
    CLIENT: "its connections and credentials are as old as the snapshot: connect in an after-restore hook or in the handler",
    TEMPORARY: "every restored environment has the same name and content: make it in the handler",
    TIME: "it stays the time of the snapshot: read the clock in the handler",
    SECRET: "it stays what it was at the time of the snapshot: read it in an after-restore hook",
}
CALLS = {
    SEED: (
        "random.seed", "random.Random", "random.random", "random.randint", "random.choice", "random.getrandbits",
        "numpy.random.seed", "numpy.random.default_rng", "numpy.random.RandomState", "torch.manual_seed",
    ),
    IDENTIFIER: (
        "uuid.uuid1", "uuid.uuid4", "secrets.token_hex", "secrets.token_bytes", "secrets.token_urlsafe", "os.urandom",
        "os.getpid", "socket.gethostname",
    ),
    CLIENT: (
        "boto3.client", "boto3.resource", "boto3.Session", "boto3.session.Session", "botocore.session.get_session",
        "requests.Session", "httpx.Client", "httpx.AsyncClient", "aiohttp.ClientSession", "urllib3.PoolManager",
        "socket.socket", "socket.create_connection", "http.client.HTTPConnection", "http.client.HTTPSConnection",
        "psycopg2.connect", "psycopg.connect", "pymysql.connect", "pymongo.MongoClient", "redis.Redis",
        "redis.StrictRedis", "sqlite3.connect", "sqlalchemy.create_engine", "grpc.insecure_channel",
        "grpc.secure_channel",
    ),
    TEMPORARY: (
        "tempfile.mkstemp", "tempfile.mkdtemp", "tempfile.NamedTemporaryFile", "tempfile.TemporaryFile",
        "tempfile.TemporaryDirectory", "tempfile.SpooledTemporaryFile",
    ),
    TIME: ("time.time", "time.time_ns", "time.monotonic", "time.perf_counter", "datetime.datetime.now",
           "datetime.datetime.utcnow", "datetime.date.today"),
    SECRET: ("aws_lambda_powertools.utilities.parameters.get_secret",
             "aws_lambda_powertools.utilities.parameters.get_parameter"),
}  # fmt: skip
_KINDS = {name: kind for kind, names in CALLS.items() for name in names}


def read_statements(module: str, folder: Path) -> tuple[InitStatement, ...]:
    """Statements of ``module`` and of the modules of its own package in ``folder`` that it imports at its top. Raises
    UsageError for one that does not exist; a file that is not Python is skipped."""
    first = _file_of(module, folder)
    if first is None:
        raise UsageError(f"There is no source of {module} in {folder}.", "Name the folder with --folder DIR")
    found: list[InitStatement] = []
    todo, seen = [module], {module}
    while todo and len(seen) <= MAX_FILES:
        name = todo.pop(0)
        path = _file_of(name, folder)
        if path is None:
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
        reading = _Reading(name, path.name == "__init__.py", str(path.relative_to(folder)))
        found += reading.statements(tree)
        parents = [name.rsplit(".", up)[0] for up in range(1, name.count(".") + 1)]
        for other in (*parents, *reading.imported):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return tuple(sorted(found, key=lambda statement: (statement.file, statement.line)))


def _file_of(module: str, folder: Path) -> Path | None:
    path = folder.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


class _Reading:
    """One module: which names stand for which imports, and the calls that run when it is imported."""

    def __init__(self, module: str, is_package: bool, file: str) -> None:
        self._package = module if is_package else module.rpartition(".")[0]
        self._file = file
        self._names: dict[str, str] = {}
        self.imported: list[str] = []

    def statements(self, tree: ast.AST) -> list[InitStatement]:
        found = []
        for node in _at_import(tree):
            if isinstance(node, ast.Import):
                self._import(node)
            elif isinstance(node, ast.ImportFrom):
                self._import_from(node)
            elif isinstance(node, ast.Call) and (kind := self._kind(node)):
                text = ast.unparse(node)
                shown = text if len(text) <= 80 else f"{text[:79]}…"
                found.append(InitStatement(kind, self._file, node.lineno, shown, ADVICE[kind]))
        return found

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._names[alias.asname or alias.name.partition(".")[0]] = (
                alias.name if alias.asname else alias.name.partition(".")[0]
            )
            self.imported.append(alias.name)

    def _import_from(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            above = self._package.split(".")
            base = ".".join([*above[: len(above) - node.level + 1], *filter(None, [node.module])])
        self.imported.append(base)
        for alias in node.names:
            self._names[alias.asname or alias.name] = f"{base}.{alias.name}"
            self.imported.append(f"{base}.{alias.name}")

    def _kind(self, node: ast.Call) -> str:
        parts: list[str] = []
        called: ast.expr = node.func
        while isinstance(called, ast.Attribute):
            parts.insert(0, called.attr)
            called = called.value
        if not isinstance(called, ast.Name):
            return ""
        name = ".".join([self._names.get(called.id, called.id), *parts])
        if name == "open" and _writes_temporary(node):
            return TEMPORARY
        return _KINDS.get(name, "")


def _writes_temporary(node: ast.Call) -> bool:
    values = [
        argument.value
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    return len(values) > 1 and values[0].startswith("/tmp/") and any(sign in values[1] for sign in "wax+")  # noqa: S108 - looked for, not used


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported: not the bodies of functions, but their decorators and defaults."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in (*child.decorator_list, *child.args.defaults, *filter(None, child.args.kw_defaults)):
                yield part
                yield from _at_import(part)
            continue
        if isinstance(child, ast.Lambda):
            continue
        yield child
        yield from _at_import(child)

"""Checks of the house rules that no linter knows.

Each takes paths and texts and gives one line for each offence, so that it can be tried
on made-up samples.
"""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

MODULE_LINES = 300
ROOMY_LINES = 400
GENERATED = ("migrations/",)
CATALOGUES = "locale/"  # the one place where other scripts belong
VAGUE = re.compile(
    r"(utils?|helpers?|common|managers?|handlers?|services?|misc)\.py", re.IGNORECASE
)
CJK = re.compile(
    r"[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    r"\U00020000-\U0003ffff]"
)
# "(?<!...)" keeps paths of URLs and relative paths out
MACHINE_PATH = re.compile(
    r"(?<![\w.}:/-])/(?:home|Users|root|work|mnt|private)/\w|\b[A-Za-z]:\\\w"
)
PIN = re.compile(
    r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?(\[[a-z0-9, _-]+\])?==\S+( ;.*)?( \\)?"
)
HASH = re.compile(r" +--hash=sha256:[0-9a-f]{64}( \\)?")
NOQA = re.compile(r"noqa\b(?P<rest>.*)", re.IGNORECASE)
NOQA_FORM = re.compile(r": [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)*( -|  #) \S")
IGNORE = re.compile(r"type: ignore(?P<rest>.*)")
IGNORE_FORM = re.compile(r"\[[\w, -]+\] +# \S")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|#|//")
OUTLINE = ("Encoder", "Request", "failure", "parse", "reply")
CACHES = ("cache", "lru_cache")


def tracked() -> list[str]:
    """What git holds or would take, relative to the root; needs a checkout."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is found where the developer has it
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return [path for path in listing.stdout.splitlines() if (ROOT / path).is_file()]


def texts(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each path with its text; what is no text is left out."""
    for path in paths:
        data = (ROOT / path).read_bytes()
        if b"\0" not in data:
            yield path, data.decode("utf-8", "replace")


def too_long(path: str, text: str) -> Iterator[str]:
    if not path.endswith(".py") or any(part in path for part in GENERATED):
        return
    roomy = path.startswith("tests/") or re.search(r"(^|/)admin(/|\.py$)", path)
    limit, lines = ROOMY_LINES if roomy else MODULE_LINES, len(text.splitlines())
    if lines > limit:
        yield f"{path}: {lines} lines, {limit} are allowed"


def vaguely_named(path: str, _text: str = "") -> Iterator[str]:
    if VAGUE.fullmatch(path.rpartition("/")[2]):
        yield f"{path}: the name says nothing about what it holds"


def imports(text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def foreign_http(path: str, text: str) -> Iterator[str]:
    if not path.endswith(".py") or path.startswith(("gateway/upstream/", "tests/")):
        return
    for line, name in imports(text):
        if name.partition(".")[0] == "httpx":
            yield f"{path}:{line}: only gateway.upstream imports httpx"


def cjk(path: str, text: str) -> Iterator[str]:
    if path.startswith(CATALOGUES):
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if CJK.search(line):
            yield f"{path}:{number}: CJK characters"


def machine_paths(path: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        if found := MACHINE_PATH.search(line):
            yield f"{path}:{number}: a path of one machine: {found[0]}..."


def unpinned(path: str, text: str) -> Iterator[str]:
    """Anything in a lock file but pins and hashes, such as an index or its host."""
    if not re.fullmatch(r"requirements/[^/]+\.txt", path):
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not PIN.fullmatch(line) and not HASH.fullmatch(line):
            yield f"{path}:{number}: neither a pin nor a hash"


def index_lines(path: str, text: str) -> Iterator[str]:
    """Where packages come from is the machine's affair, not the project's."""
    if not re.fullmatch(r"requirements/[^/]+\.(in|txt)", path):
        return
    for number, line in enumerate(text.splitlines(), start=1):
        option = re.match(r"\s*-(?!r |c |-hash=)", line)
        if option or "://" in line:
            yield f"{path}:{number}: names a package index"


def unreasoned(path: str, text: str) -> Iterator[str]:
    """A silenced tool without its code or without the reason behind it."""
    if not path.endswith(".py"):
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        for found, form in ((NOQA, NOQA_FORM), (IGNORE, IGNORE_FORM)):
            silenced = found.search(token.string)
            if silenced and not form.match(silenced["rest"]):
                yield f"{path}:{token.start[0]}: silenced without code and reason"


def dead_links(path: str, text: str, root: Path = ROOT) -> Iterator[str]:
    if not path.endswith(".md"):
        return
    for number, line in enumerate(text.splitlines(), start=1):
        for target in LINK.findall(line):
            local = target.partition("#")[0]
            if ELSEWHERE.match(target) or (root / path).parent.joinpath(local).exists():
                continue
            yield f"{path}:{number}: nothing at {target}"


def defined(tree: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def public_methods(node: ast.ClassDef) -> set[str]:
    functions = [n.name for n in node.body if isinstance(n, ast.FunctionDef)]
    return {name for name in functions if not name.startswith("_")}


def exported(tree: ast.Module) -> tuple[str, ...]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return tuple(sorted(ast.literal_eval(node.value)))
    return ()


def misshapen(path: str, text: str, base: str) -> Iterator[str]:
    """A protocol, known by its Encoder, that differs from its siblings."""
    tree = ast.parse(text)
    encoder = defined(tree).get("Encoder")
    if encoder is None:
        return
    if exported(tree) != OUTLINE:
        yield f"{path}: __all__ is not {', '.join(OUTLINE)}"
    wanted = public_methods(defined(ast.parse(base))["Encoder"])
    for name in sorted(wanted ^ public_methods(encoder)):
        yield f"{path}: Encoder.{name} is not in every sibling"


def homes(path: str, text: str) -> Iterator[str]:
    """State of the whole process: an instance kept by its module, or a cached one."""
    tree = ast.parse(text)
    classes = {name for name, node in defined(tree).items() if not is_frozen(node)}
    module = path.removesuffix(".py").replace("/", ".")
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            if ast.unparse(node.value.func) in classes:
                yield f"{module}.{ast.unparse(node.targets[0])}"
        elif isinstance(node, ast.FunctionDef) and makes_one(node):
            yield f"{module}.{node.name}"


def is_frozen(node: ast.ClassDef) -> bool:
    if any("frozen=True" in ast.unparse(one) for one in node.decorator_list):
        return True
    return any(ast.unparse(one) in {"StrEnum", "Enum"} for one in node.bases)


def makes_one(node: ast.FunctionDef) -> bool:
    """Cached, and asked without an argument that would tell instances apart."""
    names = [ast.unparse(one).partition("(")[0] for one in node.decorator_list]
    cached = any(name.rpartition(".")[2] in CACHES for name in names)
    return cached and all(one.arg.startswith("_") for one in node.args.args)

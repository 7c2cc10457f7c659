"""The rules no linter knows, and that each of them can be broken."""

import socket

import pytest
from pytest_socket import SocketBlockedError

from tests import house

# Wire texts that public-api 3.4 requires word for word, the language of help texts, and
# samples of what models say.
CJK_ALLOWED = {
    "README.zh-CN.md",
    "gateway/conversation/progress_words.py",
    "gateway/sandbox/script.py",
    "gateway/upstream/summary_words.py",
    "grokgateway/config/registry/help_zh_hans.toml",
    "grokgateway/config/registry/labels.toml",
    "static/vendor/swagger-ui-5.35.0/swagger-ui-bundle.js",
    "tests/gateway/conversation/test_tokens.py",
    "tests/gateway/conversation/tools/test_chinese.py",
    "tests/gateway/upstream/test_citations.py",
    "tests/gateway/upstream/test_decoder.py",
    "tests/gateway/upstream/test_frames.py",
    "tests/gateway/upstream/test_summary.py",
    "tests/upstream/citations.sse",
    "tests/upstream/framing.sse",
}
# docs/decisions/0001-layout.md
HOMES = {
    "accounts.census.HOME",
    "accounts.directory.HOME",
    "gateway.captures.taking.HOME",
    "gateway.catalog.HOME",
    "gateway.egress.home.HOME",
    "gateway.keys.home.HOME",
    "gateway.readiness.HOME",
    "gateway.refreshing.HOME",
    "gateway.sessions.HOME",
    "gateway.studio.HOME",
    "gateway.upstream.dialects.HOME",
    "gateway.upstream.drift.HOME",
    "gateway.upstream.identity.HOME",
    "gateway.upstream.network.HOME",
    "gateway.upstream.pool.HOME",
    "gateway.upstream.signer.HOME",
    "grokgateway.config.home.HOME",
    "grokgateway.jobs.broker.current",
    "grokgateway.jobs.outbox.of_process",
    "grokgateway.jobs.watching.HOME",
    "grokgateway.mysql.places.kept",
    "grokgateway.redaction.current",
    "media.threads.pools",
    "webui.sockets.floor.HOME",
}
# Read once from the package and never changed.
CONSTANTS = {
    "gateway.conversation.tokens.encoding",
    "grokgateway.config.registry.explanations.chinese",
    "grokgateway.config.registry.explanations.words",
}
PRODUCT = ("accounts/", "gateway/", "grokgateway/", "media/", "webui/")
PROTOCOLS = "gateway/protocols/"
MACHINE_SAMPLES = {"tests/test_house.py"}  # quoted below, to be found
BASE = "class Encoder(Protocol):\n    def feed(self): ...\n    def opening(self): ...\n"
SIBLING = (
    '__all__ = ["Encoder", "Request", "failure", "parse", "reply"]\n'
    "class Encoder:\n    def feed(self): ...\n    def opening(self): ...\n"
)


@pytest.fixture(scope="module")
def sources():
    """The text of every file of the project by its path."""
    if not (house.ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    return dict(house.texts(house.tracked()))


def offences(rule, sources, exempt=()):
    found = (rule(p, text) for p, text in sources.items() if p not in exempt)
    return [offence for one in found for offence in one]


@pytest.mark.parametrize(
    "rule",
    [
        house.too_long,
        house.vaguely_named,
        house.foreign_http,
        house.unpinned,
        house.index_lines,
        house.unreasoned,
    ],
)
def test_the_house_is_in_order(sources, rule):
    assert offences(rule, sources) == []


def test_cjk_stands_only_where_it_belongs(sources):
    assert offences(house.cjk, sources, CJK_ALLOWED) == []


def test_the_list_of_cjk_files_is_not_longer_than_needed(sources):
    assert [p for p in CJK_ALLOWED if not any(house.cjk(p, sources[p]))] == []


def test_every_link_leads_somewhere(sources):
    dead = offences(house.dead_links, sources)
    assert dead == []


def test_no_file_knows_the_machine_it_was_written_on(sources):
    assert offences(house.machine_paths, sources, MACHINE_SAMPLES) == []


def test_protocols_are_siblings(sources):
    base = sources[PROTOCOLS + "base.py"]
    modules = {p: text for p, text in sources.items() if p.startswith(PROTOCOLS)}
    modules.pop(PROTOCOLS + "base.py")
    assert [
        o for p, text in modules.items() for o in house.misshapen(p, text, base)
    ] == []


def test_the_process_keeps_state_in_documented_places_only(sources):
    own = {
        p: t for p, t in sources.items() if p.startswith(PRODUCT) and p[-3:] == ".py"
    }
    found = {home for path, text in own.items() for home in house.homes(path, text)}
    assert found - CONSTANTS == HOMES


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_unit_tests_have_no_network():
    with pytest.raises(SocketBlockedError):
        socket.socket(socket.AF_INET)
    with pytest.raises(SocketBlockedError):
        socket.getaddrinfo("localhost", 80)
    socket.socket(socket.AF_UNIX).close()


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (house.too_long, "gateway/big.py", "x\n" * 301),
        (house.too_long, "gateway/administration.py", "x\n" * 301),
        (house.too_long, "gateway/admin.py", "x\n" * 401),
        (house.too_long, "tests/test_big.py", "x\n" * 401),
        (house.vaguely_named, "gateway/utils.py", ""),
        (house.vaguely_named, "tests/helpers.py", ""),
        (house.vaguely_named, "service.py", ""),
        (house.foreign_http, "gateway/turn.py", "import httpx\n"),
        (house.foreign_http, "media/x.py", "def f():\n    from httpx import get\n"),
        (house.foreign_http, "media/x.py", "import os, httpx._models\n"),
        (house.cjk, "README.md", "\u4f60\u597d"),
        (house.cjk, "a.py", "x = 1  # \u3053"),
        (house.cjk, "a.html", "\uff0c"),
        (house.machine_paths, "a.toml", "path = '/home/me/x'"),
        (house.machine_paths, "a.py", 'open("/Users/me/x")'),
        (house.machine_paths, "a.md", "see C:\\Users\\me"),
        (house.machine_paths, "a.cfg", "x=/root/y"),
        (house.unpinned, "requirements/base.txt", "django\n"),
        (house.unpinned, "requirements/base.txt", "# from pypi.example\n"),
        (house.unpinned, "requirements/base.txt", "a @ https://x.example/a.whl\n"),
        (house.index_lines, "requirements/base.txt", "--index-url x\n"),
        (house.index_lines, "requirements/dev.in", "-i mirror\n"),
        (house.index_lines, "requirements/dev.in", "a @ https://x.example/a.whl\n"),
        (house.unreasoned, "a.py", "x = 1  # noqa\n"),
        (house.unreasoned, "a.py", "x = 1  # noqa: E501\n"),
        (house.unreasoned, "a.py", "x = 1  # noqa - because\n"),
        (house.unreasoned, "a.py", "x = 1  # type: ignore\n"),
        (house.unreasoned, "a.py", "x = 1  # type: ignore[arg-type]\n"),
        (house.unreasoned, "a.py", "x = 1  # type: ignore # because\n"),
        (house.dead_links, "README.md", "see [it](docs/not-there.md)"),
        (house.dead_links, "docs/decisions/x.md", "[it](README.md#part)"),
    ],
)
def test_what_breaks_a_rule_is_found(rule, path, text):
    assert list(rule(path, text))


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (house.too_long, "gateway/x.py", "x\n" * 300),
        (house.too_long, "gateway/admin/keys.py", "x\n" * 400),
        (house.too_long, "accounts/migrations/0001_initial.py", "x\n" * 900),
        (house.too_long, "requirements/base.txt", "x\n" * 900),
        (house.vaguely_named, "gateway/service_names.py", ""),
        (house.foreign_http, "gateway/upstream/calls.py", "import httpx\n"),
        (house.foreign_http, "gateway/x.py", '"""import httpx"""\n'),
        (house.cjk, "a.py", "caf\u00e9 \u2026 \u20ac"),
        (house.machine_paths, "a.md", "https://x.example/home/me and ./home/x"),
        (house.machine_paths, "a.py", '"{root}/home/x" and "a/root/b"'),
        (house.unpinned, "requirements/x.txt", "a-b[c]==1.2 ; os_name == 'nt' \\\n"),
        (house.unpinned, "requirements/x.txt", f"    --hash=sha256:{'0' * 64}\n"),
        (house.index_lines, "requirements/x.in", "-r base.in\na>=1\n"),
        (house.unreasoned, "a.py", "x = 1  # noqa: E402, F403 - because\n"),
        (house.unreasoned, "a.py", "x = 1  # type: ignore[arg-type] # because\n"),
        (house.unreasoned, "a.py", 'x = "# noqa"\n'),
        (house.dead_links, "README.md", "[a](https://x.example) [b](#part) [c](docs)"),
        (house.dead_links, "docs/decisions/x.md", "[a](../../README.md#run-it)"),
    ],
)
def test_what_keeps_a_rule_is_left_alone(rule, path, text):
    assert list(rule(path, text)) == []


@pytest.mark.parametrize(
    "text",
    [
        SIBLING.replace('"parse", ', ""),
        SIBLING.replace("feed", "push"),
        SIBLING + "    def more(self): ...\n",
        SIBLING.partition("\n")[2],
    ],
)
def test_an_odd_sibling_is_found(text):
    assert list(house.misshapen("gateway/protocols/odd.py", text, BASE))


def test_a_true_sibling_is_left_alone():
    assert list(house.misshapen("gateway/protocols/x.py", SIBLING, BASE)) == []
    assert (
        list(house.misshapen("gateway/protocols/x.py", "def dumps(): ...", BASE)) == []
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("class Home: ...\nHOME = Home()\n", "a.b.HOME"),
        ("@functools.cache\ndef current(): ...\n", "a.b.current"),
        ("@lru_cache(maxsize=1)\ndef of(_pid): ...\n", "a.b.of"),
    ],
)
def test_an_undocumented_home_is_found(text, name):
    assert list(house.homes("a/b.py", text)) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "@dataclass(frozen=True)\nclass Point: ...\nORIGIN = Point()\n",
        "@lru_cache\ndef parsed(url): ...\n",
        "def build():\n    class Home: ...\n    home = Home()\n",
        "PATTERN = re.compile('x')\n",
    ],
)
def test_what_is_no_home_is_left_alone(text):
    assert list(house.homes("a/b.py", text)) == []

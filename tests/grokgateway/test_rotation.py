"""What is stored is sealed anew with the first key, on every database."""

import io
import json
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import BinaryField

from accounts.credentials import reveal, sealed_for
from accounts.documents import Defaults, parse
from accounts.drafts import previews
from accounts.models import Account, ImportPart
from gateway import idempotency
from gateway.capture_tables import Capture
from gateway.captures import store as captures
from gateway.egress.bundles import Place
from gateway.egress.nodes import DIRECT_NODE
from gateway.egress.proxies import parse as parse_proxy
from gateway.egress_tables import ClearanceBundle, EgressNode
from gateway.exits import clearances, manual
from gateway.exits import store as exits
from gateway.idempotency import Claim
from gateway.models import IdempotencyRecord, StoredResponse
from gateway.stored import rows as responses
from gateway.upstream.solver import Solved
from grokgateway import config, crypto, rotation
from grokgateway.config.models import ConfigHistory, ConfigOverride
from tests.factories import make_account, make_token
from tests.gateway.captures.test_store import captured
from tests.gateway.stored.test_rows import kept

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
NOW = datetime(2026, 6, 1, tzinfo=UTC)
CLAIM = Claim("owner", "key", "hash")
SECRET = "a-hook-nobody-should-know"


@pytest.fixture
def sealed(db, settings):
    """One of everything, sealed with the key that was the only one."""
    account = make_account()
    previews.prepare(parse(make_token(), Defaults("super")), by="root")
    responses.write([kept()])
    captures.save([captured()])
    idempotency.begin(CLAIM, NOW)
    idempotency.keep(CLAIM, b"the reply")
    node = exits.fill(EgressNode(name="mine"), parse_proxy("http://u:p@h:1"))
    manual.give(node, "cf_clearance=by-hand")
    node.save()
    place = Place(DIRECT_NODE, "https://grok.com", "")
    clearances.keep(place, Solved("cf_clearance=x", "Agent/1"), "")
    EgressNode.objects.create(name="pool-0", source="config")
    config.load()
    config.save({"alerts.webhook_url": f"https://example.com/{SECRET}"}, by="root")
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    yield account
    config.unset(["alerts.webhook_url"], by="tests")


def rotated(*args):
    out = io.StringIO()
    call_command("rotatekeys", "--json", *args, stdout=out)
    told = json.loads(out.getvalue())
    return {one.pop("kind"): one for one in told["kinds"]}


def counts(current, resealed, unreadable=0):
    return {
        "current": current,
        "resealed": resealed,
        "unreadable": unreadable,
        "changed_meanwhile": 0,
    }


EVERYTHING = {
    "accounts": 1,
    "imports": 1,
    "responses": 1,
    "captures": 1,
    "replies": 1,
    "proxies": 1,
    "proxy cookies": 1,
    "clearances": 1,
    "settings": 2,  # the row, and what its history keeps of it
}


def test_everything_is_sealed_anew_and_reads_as_before(sealed, settings):
    assert rotated() == {k: counts(0, n) for k, n in EVERYTHING.items()}
    settings.CREDENTIAL_KEYS = [NEW]  # only to see that the old one is not needed
    account = Account.objects.get(pk=sealed.pk)
    assert "made-up-token" in reveal(account)
    (entry,) = previews.opened(ImportPart.objects.get())
    assert "made-up-token" in entry.credential.token
    (found,) = responses.read("key_a", {kept().response["id"]}).values()
    assert found.document.response == kept().response
    assert b"grok-gateway-capture" in captures.opened(Capture.objects.get())
    assert idempotency.told_before(CLAIM, IdempotencyRecord.objects.get()) == (
        b"the reply"
    )
    node = EgressNode.objects.get(name="mine")
    assert exits.address_of(node) == "http://u:p@h:1"
    by_hand = manual.bundle_of(node)
    assert by_hand is not None
    assert by_hand.cookies == "cf_clearance=by-hand"
    bundle = exits.bundle_of(ClearanceBundle.objects.get())
    assert bundle is not None
    assert bundle.cookies == "cf_clearance=x"
    config.load()
    assert SECRET in config.current().text("alerts.webhook_url")


def test_a_second_run_finds_nothing_to_do(sealed):
    rotated()
    assert rotated() == {k: counts(n, 0) for k, n in EVERYTHING.items()}


def test_a_dry_run_counts_and_writes_nothing(sealed):
    def stored():
        return [
            list(Account.objects.values()),
            list(ImportPart.objects.values()),
            list(StoredResponse.objects.values()),
            list(Capture.objects.values()),
            list(IdempotencyRecord.objects.values()),
            list(EgressNode.objects.values()),
            list(ClearanceBundle.objects.values()),
            list(ConfigOverride.objects.values()),
            list(ConfigHistory.objects.values()),
        ]

    before = stored()
    assert rotated("--dry-run") == {k: counts(0, n) for k, n in EVERYTHING.items()}
    assert stored() == before


def test_it_goes_on_where_it_was_interrupted(db, settings, monkeypatch):
    for _ in range(5):
        make_account()
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    column = rotation.Column(
        *("accounts", Account, "token_ciphertext", ("public_id",)),
        sealed_for,
        rows=2,
    )
    monkeypatch.setattr(rotation, "COLUMNS", (column,))
    begun = rotation.Tally("accounts")
    assert rotation.batch(column, 0, begun, dry_run=False) is not None
    assert rotated()["accounts"] == counts(2, 3)


def test_what_changes_meanwhile_is_left_as_it_is_now(sealed, monkeypatch):
    token = make_token()

    class Late(rotation.Turn):
        def __call__(self, text, context):
            if context.startswith("account:"):
                seal = crypto.ring().encrypt(token, context=context)
                Account.objects.filter(pk=sealed.pk).update(token_ciphertext=seal)
            return super().__call__(text, context)

    monkeypatch.setattr(rotation, "Turn", Late)
    assert rotated()["accounts"] == counts(0, 0) | {"changed_meanwhile": 1}
    assert reveal(Account.objects.get(pk=sealed.pk)) == token


def test_what_no_key_reads_is_counted_and_kept(sealed):
    Account.objects.filter(pk=sealed.pk).update(token_ciphertext=b"damaged")
    with pytest.raises(CommandError, match="1 texts are readable by no key") as caught:
        rotated()
    assert caught.value.returncode == 1
    assert bytes(Account.objects.get(pk=sealed.pk).token_ciphertext) == b"damaged"


def test_people_are_told_in_words(sealed):
    out = io.StringIO()
    call_command("rotatekeys", "--dry-run", stdout=out)
    assert "accounts: 1 would be sealed anew, 0 were already" in out.getvalue()


def test_no_sealed_column_is_forgotten():
    binary = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, BinaryField)
    }
    assert {(one.model, one.field) for one in rotation.COLUMNS} == binary

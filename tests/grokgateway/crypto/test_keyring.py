import pytest

from grokgateway.crypto import BadKey, KeyRing, Undecipherable, mask

OLD, NEW, OTHER = (bytes([n]) * 32 for n in (1, 2, 3))


@pytest.mark.parametrize("text", ["", "token", "päss\N{SNOWMAN}" * 1000])
def test_it_reads_back_what_it_wrote(text):
    ring = KeyRing([OLD])
    assert ring.decrypt(ring.encrypt(text, context="a"), context="a") == text


def test_the_same_text_never_looks_the_same():
    ring = KeyRing([OLD])
    assert ring.encrypt("t", context="a") != ring.encrypt("t", context="a")


def test_the_text_does_not_show_in_the_ciphertext():
    assert b"secret" not in KeyRing([OLD]).encrypt("secret", context="a")


def test_rotation_reads_the_old_and_writes_with_the_new():
    before = KeyRing([OLD]).encrypt("token", context="a")
    ring = KeyRing([NEW, OLD])

    after = ring.encrypt("token", context="a")

    assert ring.decrypt(before, context="a") == "token"
    assert not ring.is_current(before)
    assert ring.is_current(after)
    assert KeyRing([NEW]).decrypt(after, context="a") == "token"


def test_a_removed_key_is_named_as_the_reason():
    sealed = KeyRing([OLD]).encrypt("token", context="a")
    with pytest.raises(Undecipherable, match="CREDENTIAL_KEYS"):
        KeyRing([NEW]).decrypt(sealed, context="a")


def test_a_ciphertext_of_another_context_is_refused():
    ring = KeyRing([OLD])
    sealed = ring.encrypt("token", context="account")
    with pytest.raises(Undecipherable):
        ring.decrypt(sealed, context="config")


def test_no_byte_can_be_changed_unnoticed():
    ring = KeyRing([OLD])
    sealed = ring.encrypt("token", context="a")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(Undecipherable):
            ring.decrypt(bytes(changed), context="a")


@pytest.mark.parametrize("length", range(40))
def test_a_cut_ciphertext_is_refused(length):
    ring = KeyRing([OLD])
    with pytest.raises(Undecipherable):
        ring.decrypt(ring.encrypt("a long token", context="a")[:length], context="a")


def test_fingerprints_survive_rotation():
    before = KeyRing([OLD]).fingerprint("token", purpose="account")
    assert KeyRing([NEW, OLD]).fingerprint("token", purpose="account") == before
    assert KeyRing([OTHER, NEW, OLD]).fingerprint("token", purpose="account") == before
    assert len(before) == 64


def test_fingerprints_depend_on_text_purpose_and_last_key():
    ring = KeyRing([OLD])
    prints = {
        ring.fingerprint("token", purpose="account"),
        ring.fingerprint("token2", purpose="account"),
        ring.fingerprint("token", purpose="key"),
        KeyRing([NEW]).fingerprint("token", purpose="account"),
    }
    assert len(prints) == 4


@pytest.mark.parametrize(
    ("keys", "reason"),
    [([], "at least one"), ([b"short"], "Key 1"), ([OLD, NEW, OLD], "Key 3 repeats")],
)
def test_bad_keys_are_refused(keys, reason):
    with pytest.raises(BadKey, match=reason):
        KeyRing(keys)


def test_the_ring_does_not_show_its_keys():
    assert repr(KeyRing([OLD])) == "KeyRing(1 keys)"


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("", ""),
        ("short", "********"),
        ("x" * 19, "********"),
        ("abcdefghijklmnopqrstuvwxyz", "abcdef\N{HORIZONTAL ELLIPSIS}wxyz"),
    ],
)
def test_mask(token, shown):
    assert mask(token) == shown


def test_bytes_are_sealed_like_texts():
    ring = KeyRing([OLD])
    assert ring.open(ring.seal(b"\xff\0", context="a"), context="a") == b"\xff\0"
    assert ring.open(ring.encrypt("text", context="a"), context="a") == b"text"
    with pytest.raises(Undecipherable):
        ring.open(ring.seal(b"\xff", context="a"), context="b")

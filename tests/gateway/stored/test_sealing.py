"""What users said is neither readable nor movable where it is stored."""

import pytest

from gateway.stored import sealing
from gateway.stored.sealing import Document, opened, sealed
from grokgateway.crypto import Undecipherable

LONG = "the same words again and again " * 500


def document(text="secret words"):
    response = {"id": "resp_1", "output": [{"id": "msg_1", "text": text}]}
    return Document(response, [{"id": "msg_0", "text": text}])


@pytest.mark.parametrize("text", ["secret words", LONG])
def test_it_opens_to_what_was_sealed_and_shows_nothing(text):
    ciphertext = sealed(document(text))
    assert text[:20].encode() not in ciphertext
    assert opened(ciphertext, "resp_1") == document(text)


def test_long_texts_are_packed():
    assert len(sealed(document(LONG))) < len(LONG) / 4


def test_it_opens_for_its_own_response_only():
    with pytest.raises(Undecipherable):
        opened(sealed(document()), "resp_2")


def test_items_are_input_and_output():
    assert [item["id"] for item in document().items] == ["msg_0", "msg_1"]


@pytest.mark.parametrize("text", ["A summary.", LONG, "\u20ac"])
def test_a_blob_opens_to_its_summary(text):
    blob = sealing.blob(text)
    assert text[:9] not in blob
    assert sealing.summary(blob) == text


@pytest.mark.parametrize(
    "blob",
    [
        "",
        "gAAAAABm",
        sealing.BLOB_PREFIX,
        sealing.BLOB_PREFIX + "!!!",
        sealing.BLOB_PREFIX + "\u20ac",
        sealing.BLOB_PREFIX + "AAAA" * 20,
    ],
)
def test_foreign_and_damaged_blobs_have_no_summary(blob):
    assert sealing.summary(blob) == ""


def test_a_blob_that_was_tampered_with_has_no_summary():
    blob = sealing.blob("A summary.")
    other = "A" if blob[-8] != "A" else "B"
    assert sealing.summary(blob[:-8] + other + blob[-7:]) == ""

"""The JSON that upstream is sent."""

import orjson
import pytest

from gateway.upstream.payloads import chat_payload, rate_limits_payload
from tests.gateway.upstream.stand_in import Chosen

EXPECTED = {
    "message": "[user]: hi",
    "modeId": "auto",
    "fileAttachments": [],
    "imageAttachments": [],
    "collectionIds": [],
    "connectors": [],
    "temporary": True,
    "disableMemory": True,
    "disableSearch": False,
    "disableSelfHarmShortCircuit": False,
    "disableTextFollowUps": False,
    "enableImageGeneration": True,
    "enableImageStreaming": True,
    "enableSideBySide": True,
    "forceConcise": False,
    "forceSideBySide": False,
    "isAsyncChat": False,
    "searchAllConnectors": False,
    "returnImageBytes": False,
    "returnRawGrokInXaiRequest": False,
    "imageGenerationCount": 2,
    "sendFinalMetadata": True,
    "deviceEnvInfo": {
        "darkModeEnabled": False,
        "devicePixelRatio": 2,
        "screenHeight": 1329,
        "screenWidth": 2056,
        "viewportHeight": 1083,
        "viewportWidth": 2056,
    },
    "responseMetadata": {},
    "toolOverrides": {
        "gmailSearch": False,
        "googleCalendarSearch": False,
        "outlookSearch": False,
        "outlookCalendarSearch": False,
        "googleDriveSearch": False,
    },
}


def test_the_chat_payload_is_the_specified_one():
    payload = chat_payload("[user]: hi", "auto", Chosen())
    assert orjson.loads(payload) == EXPECTED


def test_settings_and_attachments_show():
    settings = Chosen(
        features__temporary=False,
        features__memory=True,
        features__custom_instruction="Be \u201cbrief\u201d",
    )
    payload = orjson.loads(chat_payload("x", "fast", settings, ["f1", "f2"]))
    assert payload["temporary"] is False
    assert payload["disableMemory"] is False
    assert payload["customPersonality"] == "Be \u201cbrief\u201d"
    assert payload["fileAttachments"] == ["f1", "f2"]


def test_a_blank_instruction_is_not_sent():
    payload = orjson.loads(
        chat_payload("x", "fast", Chosen(features__custom_instruction=" \n"))
    )
    assert "customPersonality" not in payload


@pytest.mark.parametrize(
    ("mode", "mode_id"),
    [("expert", "expert"), ("grok_4_3", "grok-420-computer-use-sa")],
)
def test_modes_have_upstreams_names(mode, mode_id):
    assert orjson.loads(chat_payload("x", mode, Chosen()))["modeId"] == mode_id
    assert orjson.loads(rate_limits_payload(mode)) == {"modelName": mode_id}


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\udc00", "\ufffd"),
        ("\ud83d\ude00 \ud83d", "\U0001f600 \ufffd"),
        ('"\\\n\x00\u65e5', '"\\\n\x00\u65e5'),
    ],
)
def test_any_text_can_be_sent(prompt, message):
    assert orjson.loads(chat_payload(prompt, "auto", Chosen()))["message"] == message

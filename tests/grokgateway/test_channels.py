"""An open socket outlives an outage of Redis."""

import asyncio

from channels_redis.core import RedisChannelLayer
from redis.exceptions import ConnectionError as Away

from grokgateway import channels
from grokgateway.channels import ChannelLayer


async def test_waiting_for_messages_outlives_an_outage(monkeypatch, caplog):
    answers = [Away("redis://user:hidden@h"), OSError("hidden"), {"type": "news"}]

    async def receive(_layer, channel):
        assert channel == "sockets!one"
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(RedisChannelLayer, "receive", receive)
    monkeypatch.setattr(channels, "AGAIN_S", 0.0)
    layer = ChannelLayer(hosts=["redis://127.0.0.1:9/0"])
    found = await asyncio.wait_for(layer.receive("sockets!one"), 5)
    assert found == {"type": "news"}
    assert len(caplog.records) == 2
    assert "hidden" not in caplog.text

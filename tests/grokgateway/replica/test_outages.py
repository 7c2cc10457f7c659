"""Redis away, back with its data, back without, or with less than it had."""

import pytest
import redis
from django.conf import settings
from django.core.management.base import CommandError
from django.http import HttpResponse
from django.test import Client, RequestFactory

from accounts import bulk, restorepoints
from accounts.models import Account
from accounts.rows import Use
from accounts.store import USES, disable
from grokgateway import config, replica
from grokgateway.console.unstorable import Unstorable
from grokgateway.jobs.outbox import Outbox
from grokgateway.replica import places
from tests.grokgateway.replica.nodes import Nodes, picture, server
from tests.grokgateway.replica.redis_process import RedisProcess
from tests.grokgateway.replica.test_sharing import (
    NOW,
    ids,
    imported,
    same_on_both,
)

pytestmark = pytest.mark.service


@pytest.fixture
def own_redis(tmp_path_factory):
    process = RedisProcess(tmp_path_factory.mktemp("redis"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def nodes(own_redis, settings, db, tmp_path):
    settings.REDIS_URL = settings.SHARED_STORE = own_redis.url
    yield Nodes(tmp_path)
    settings.REDIS_URL = settings.SHARED_STORE = ""
    config.forget()


def test_while_it_is_away_nothing_changes_and_what_is_collected_waits(nodes, own_redis):
    outbox = Outbox()
    with nodes.at("b"):
        config.load()
    with nodes.at("a"):
        imported(3)
        one, *_ = ids()
        before = picture()
        assert replica.follow() is False
        assert replica.in_step(0)
        own_redis.stop()
        assert replica.follow() is False
        assert not replica.in_step(0)
        assert replica.in_step(60)  # not for so long yet
        outbox.put(USES, Use(one, NOW, succeeded=True))
        assert not outbox.flush_sync()
        for change in (
            lambda: imported(1),
            lambda: bulk.disable([one], by="op"),
            lambda: config.save({"retry.max_retries": 7}, "op"),
        ):
            with pytest.raises(replica.Away, match="nothing was changed"):
                change()
        assert not replica.follow()
        replica.join()  # what is known is served
        assert picture() == before
        own_redis.start()
        assert outbox.flush_sync()
        assert Account.objects.get(pk=one).use_count == 1
        bulk.disable([one], by="op")
    same_on_both(nodes)


def test_the_admin_api_the_console_and_commands_say_so(nodes, own_redis, settings):
    settings.GROK_ENVIRON = {}
    with nodes.at("a"):
        imported(1)
        own_redis.stop()
        with config.override({"app.app_key": "the-console-key-of-tests"}):
            answer = Client().post(
                "/admin/api/config",
                {"retry": {"max_retries": 3}},
                content_type="application/json",
                headers={"authorization": "Bearer the-console-key-of-tests"},
            )
        request = RequestFactory().post("/admin/config/retry")
        page = Unstorable(HttpResponse).process_exception(request, away())
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "store_unavailable"
    assert page is not None
    assert page.status_code == 503
    assert "Nothing was changed" in page.content.decode()


def away():
    with pytest.raises(CommandError) as caught:  # what commands print in a line
        imported(1)
    return caught.value


def test_a_node_that_knows_nothing_does_not_start_without_it(nodes, own_redis):
    own_redis.stop()
    with pytest.raises(replica.Away), nodes.at("new"):
        pass


def test_back_without_its_data_it_is_filled_from_who_knows_most(nodes, own_redis):
    with nodes.at("a"):
        imported(4)
    with nodes.at("b"):
        bulk.tag(ids()[:2], ["late"], [], by="op")
        latest = picture()
    own_redis.stop()
    own_redis.forget()
    own_redis.start()
    with nodes.at("a"):  # knows less, and comes first
        replica.follow()
        assert server().head() is not None
        assert picture() != latest
    with nodes.at("b"):
        replica.follow()
        assert picture() == latest
    assert same_on_both(nodes) == latest
    with nodes.at("new"):
        assert picture() == latest


def test_an_older_state_of_it_is_brought_up_to_date(nodes, own_redis):
    with nodes.at("a"):
        imported(2)
        old = saved(own_redis)
        bulk.disable(ids(), by="op")
        latest = picture()
    put(own_redis, old)
    with nodes.at("a"):
        replica.follow()
        assert picture() == latest
        imported(1)
    assert len(same_on_both(nodes)["accounts.Account"]) == 3


def test_another_line_of_changes_is_given_up(nodes, own_redis):
    with nodes.at("b"):
        imported(2)
    with nodes.at("a"):
        replica.follow()
    old = saved(own_redis)
    with nodes.at("a"):
        bulk.tag(ids(), ["lost"], [], by="op")
    put(own_redis, old)
    with nodes.at("b"):
        for word in ("kept", "more", "and more"):
            bulk.tag(ids(), [word], [], by="op")
    found = same_on_both(nodes)
    assert "lost" not in repr(found["accounts.Account"])
    assert "and more" in repr(found["accounts.Account"])


def test_an_answer_that_is_lost_counts_once(nodes, own_redis, monkeypatch):
    with nodes.at("a"):
        imported(1)
        (one,) = ids()
        calls: list[bytes] = []
        run = redis.connection.Connection.read_response

        def lossy(self, *args, **kwargs):
            answer = run(self, *args, **kwargs)
            if answer == b"done" and not calls:
                calls.append(answer)
                raise redis.ConnectionError("lost")
            return answer

        monkeypatch.setattr(redis.connection.Connection, "read_response", lossy)
        USES.write([Use(one, NOW, succeeded=True)])
        assert calls
        assert Account.objects.get(pk=one).use_count == 1
    same_on_both(nodes)


def test_a_stale_writer_changes_nothing(nodes):
    with nodes.at("a"):
        imported(1)
        before = picture()
        with pytest.raises(replica.Busy):
            outlive_the_lease()
        assert picture() == before
        restorepoints.begin("next", "op")
    same_on_both(nodes)


def outlive_the_lease():
    with replica.writing():
        Account.objects.update(note="late")
        with redis.Redis.from_url(settings.SHARED_STORE) as client:
            client.set("g2:store:writer", "somebody else", px=50)


def saved(own_redis):
    with redis.Redis.from_url(own_redis.url) as client:
        return {key: client.dump(key) for key in client.scan_iter("g2:store:*")}


def put(own_redis, old):
    with redis.Redis.from_url(own_redis.url) as client:
        client.flushdb()
        for key, value in old.items():
            client.restore(key, 0, value)


def test_what_a_process_did_not_live_to_commit_comes_back(nodes, monkeypatch):
    with nodes.at("a"):
        imported(1)
        before = picture()
        with monkeypatch.context() as dying:
            dying.setattr(places, "write", die)
            with pytest.raises(KeyboardInterrupt):
                disable(ids())
        assert picture() == before
        replica.follow()
        assert Account.objects.get().status == "disabled"
    same_on_both(nodes)


def die(place):
    raise KeyboardInterrupt

import asyncio

from taskiq import InMemoryBroker
from taskiq_redis import RedisStreamBroker

from grokgateway.jobs import broker as brokers
from grokgateway.jobs import runner


def test_without_redis_tasks_stay_in_memory():
    broker = brokers.build("")
    assert isinstance(broker, InMemoryBroker)
    assert not broker.await_inplace


async def test_with_redis_nothing_connects_before_the_start():
    broker = brokers.build("redis://nowhere.invalid:1/0")
    assert isinstance(broker, RedisStreamBroker)
    assert broker.consumer_id == "0"
    assert broker.maxlen == brokers.STREAM_LIMIT
    assert broker.idle_timeout == brokers.LONGEST_TASK_S * 1000
    assert broker.find_task("jobs.tick") is not None
    await brokers.tick()


def test_a_process_has_one_broker():
    assert brokers.current() is brokers.current()


async def test_tasks_run_beside_their_sender_and_finish_before_the_end():
    broker, stopping, done = brokers.build(""), asyncio.Event(), []

    async def slow(number: int) -> None:
        await asyncio.sleep(0.02)
        done.append(number)

    task = broker.register_task(slow, task_name="test.slow")
    running = asyncio.create_task(runner.run(broker, stopping))
    await asyncio.sleep(0)
    for number in range(3):
        await task.kiq(number)
    assert done == []
    stopping.set()
    await running
    assert done == [0, 1, 2]


async def test_schedules_run_until_the_end():
    broker, stopping = brokers.build(""), asyncio.Event()

    async def beat() -> None:
        stopping.set()

    broker.register_task(beat, task_name="test.beat", schedule=[{"interval": 1}])
    await asyncio.wait_for(runner.run(broker, stopping), 3)


async def test_without_scheduling_nothing_is_sent():
    broker, stopping, beats = brokers.build(""), asyncio.Event(), []

    async def beat() -> None:
        beats.append(1)

    broker.register_task(beat, task_name="test.beat", schedule=[{"interval": 1}])
    running = asyncio.create_task(runner.run(broker, stopping, scheduling=False))
    await asyncio.sleep(1.1)
    stopping.set()
    await running
    assert beats == []


async def test_a_task_that_outstays_the_drain_is_left(caplog):
    broker, stopping = brokers.build(""), asyncio.Event()

    async def endless() -> None:
        await asyncio.sleep(60)

    task = broker.register_task(endless, task_name="test.endless")
    running = asyncio.create_task(runner.run(broker, stopping, drain_s=0.01))
    await asyncio.sleep(0)
    await task.kiq()
    stopping.set()
    await running
    assert "still ran" in caplog.text


async def test_redis_that_is_away_neither_ends_nor_delays_the_stop(caplog):
    broker, stopping = brokers.build("redis://127.0.0.1:1/0"), asyncio.Event()
    running = asyncio.create_task(runner.run(broker, stopping))
    await asyncio.sleep(0.1)
    assert not running.done()
    stopping.set()
    await asyncio.wait_for(running, 2)
    assert "Jobs cannot be received" in caplog.text


async def test_a_broker_that_is_away_is_complained_of_once(monkeypatch, caplog):
    broker, sent = brokers.build(""), asyncio.Event()
    tries = []

    async def kick(_message):
        tries.append(1)
        if len(tries) == 2:
            sent.set()
        raise ConnectionError("redis://user:hidden@h")

    async def beat() -> None:
        pass

    monkeypatch.setattr(broker, "kick", kick)
    broker.register_task(beat, task_name="test.beat", schedule=[{"interval": 1}])
    sending = asyncio.create_task(runner.schedule(broker))
    async with asyncio.timeout(10):
        await sent.wait()
    await asyncio.sleep(0)
    sending.cancel()
    said = [one.getMessage() for one in caplog.records if one.name == runner.__name__]
    assert said == ["Tasks cannot be sent: ConnectionError"]
    assert "hidden" not in caplog.text

"""`manage.py bench --vs` against gateways that run."""

import json

import pytest

from tests.e2e.gateway_process import environment, manage

FEW = ("--requests", "4", "--rounds", "1", "--at-once", "2")


def compared(gateway, tmp_path, *options, **variables):
    env = environment(tmp_path, "http://127.0.0.1:9", **variables)
    target = tmp_path / "figures.json"
    shown = manage(env, "bench", *FEW, "--json", str(target), *options)
    return shown, json.loads(target.read_text())


def test_two_gateways_that_run(gateway, tmp_path):
    shown, found = compared(
        gateway,
        tmp_path,
        *("--vs", f"{gateway.url}/v1", "--ours", gateway.url),
        BENCH_THEIR_KEY=gateway.key,
        BENCH_OUR_KEY=gateway.key,
    )
    assert gateway.key not in shown
    assert len(found) == 3
    for one in found:
        assert one["theirs"]["requests/s"] > 0
        assert one["ours"]["tokens/s, counted as words"] > 0
    assert shown.count("theirs/ours") == 3


def test_a_wrong_key_is_named_by_its_variable_only(gateway, tmp_path):
    with pytest.raises(
        AssertionError, match="refuses the key of BENCH_THEIR_KEY"
    ) as no:
        compared(
            gateway,
            tmp_path,
            *("--vs", gateway.url, "--ours", gateway.url),
            BENCH_THEIR_KEY="sk-wrong-secret",
            BENCH_OUR_KEY=gateway.key,
        )
    assert "sk-wrong-secret" not in str(no.value)


@pytest.mark.load
def test_ours_is_started_beside_it(gateway, tmp_path):
    _, found = compared(
        gateway, tmp_path, "--vs", gateway.url, BENCH_THEIR_KEY=gateway.key
    )
    assert len(found) == 3

"""The anti-bot header."""

import random
import re
from base64 import b64decode

from gateway.upstream.statsig import dynamic_id, statsig_id
from tests.gateway.upstream.stand_in import Chosen

NULL = re.compile(
    r"e:TypeError: Cannot read properties of null "
    r"\(reading 'children\['[a-z0-9]{5}'\]'\)"
)
UNDEFINED = re.compile(
    r"e:TypeError: Cannot read properties of undefined \(reading '[a-z]{10}'\)"
)


def test_dynamic_ids_take_both_forms():
    source = random.Random(1)
    lines = [b64decode(dynamic_id(source)).decode() for _ in range(40)]
    nulls = [line for line in lines if NULL.fullmatch(line)]
    others = [line for line in lines if UNDEFINED.fullmatch(line)]
    assert nulls
    assert others
    assert len(nulls) + len(others) == 40
    assert len(set(lines)) == 40


def test_the_fixed_id_is_constant():
    settings = Chosen(features__dynamic_statsig=False)
    line = "e:TypeError: Cannot read properties of undefined (reading 'childNodes')"
    assert statsig_id(settings) == statsig_id(settings)
    assert b64decode(statsig_id(settings)).decode() == line


def test_the_operators_value_wins():
    assert statsig_id(Chosen(upstream__statsig_value="own")) == b"own"


def test_dynamic_is_new_each_time():
    settings = Chosen()
    assert len({statsig_id(settings) for _ in range(20)}) > 15

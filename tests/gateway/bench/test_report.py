from gateway.bench import report
from gateway.bench.report import Result

RESULT = Result(
    "requests",
    "Replies",
    "granian",
    (
        {"rate": 900.0, "p99": 2.0},
        {"rate": 1200.0, "p99": 4.0},
        {"rate": 1000.0, "p99": 9.0},
    ),
)


def test_the_table_shows_medians_and_bounds():
    text = report.table([RESULT])
    assert "Replies (granian, 3 rounds)" in text
    assert "1,000  (900.00 .. 1,200)" in text


def test_the_json_keeps_every_round():
    (written,) = report.as_json([RESULT])
    assert written["medians"] == {"rate": 1000.0, "p99": 4.0}
    assert written["rounds"] == list(RESULT.rounds)

import pytest

from gateway.bench import figures


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, 0.0), ([3.0, 1.0, 2.0], 0.5, 2.0), ([1.0, 9.0], 0.99, 9.0)],
)
def test_percentile_takes_the_nearest_rank(values, share, expected):
    assert figures.percentile(values, share) == expected


def test_lateness_is_measured_against_an_even_pace():
    late = figures.lateness_ms([5.0, 5.1, 5.25, 5.3], 0.1)
    assert late == pytest.approx([0.0, 0.0, 50.0, 0.0])


def test_a_late_first_token_does_not_make_the_others_late():
    late = figures.lateness_ms([5.5, 5.1, 5.2], 0.1)
    assert late == pytest.approx([500.0, 0.0, 0.0])


def test_nothing_arrived_is_nothing_late():
    assert figures.lateness_ms([], 0.1) == []
    assert figures.middle([]) == 0.0

"""Points in time on pages: by the server's zone, in UTC on pointing at them."""

from datetime import UTC, datetime

from django.template import Context, Template
from django.utils import timezone

from grokgateway import moments

AT = datetime(2026, 3, 4, 23, 5, 6, tzinfo=UTC)


def test_a_moment_says_where_it_is_by_both_clocks():
    with timezone.override("Asia/Tokyo"):
        told = moments.moment(AT)
    assert 'datetime="2026-03-04T23:05:06+00:00"' in told
    assert 'title="2026-03-04 23:05:06 UTC"' in told
    assert ">5 Mar 2026, 08:05</time>" in told


def test_no_moment_is_nothing():
    assert moments.moment(None) == ""


def test_templates_say_it_the_same_way():
    page = Template("{% load moments %}{% moment at %}|{{ at|utc }}")
    told, _, exact = page.render(Context({"at": AT})).partition("|")
    assert told == moments.moment(AT)
    assert exact == "2026-03-04 23:05:06 UTC"

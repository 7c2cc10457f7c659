"""The list as a gallery, and the small pictures it is made of."""

import io

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from media.models import Asset, Kind, Source
from tests.media.samples import picture

pytestmark = pytest.mark.django_db

LIST = reverse("admin:media_asset_changelist")


@pytest.fixture
def console(client):
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


@pytest.fixture
def image(files):
    return kept(files, picture(size=(900, 600)))


def kept(files, data, mime="image/png", kind=Kind.IMAGE):
    name = f"{kind}s/{'a' * 32}.{mime.rpartition('/')[2]}"
    (files / name).parent.mkdir(parents=True)
    (files / name).write_bytes(data)
    return Asset.objects.create(
        kind=kind,
        public_id="a" * 32,
        name=name,
        mime=mime,
        size=len(data),
        source=Source.CHAT,
    )


def small(client, asset):
    return client.get(reverse("admin:media_asset_thumbnail", args=[asset.pk]))


def shown(page):
    return page.context["view"]


def test_the_view_is_kept_for_the_person(console, client, image, configured):
    assert shown(console.get(LIST)) == "table"
    page = console.get(LIST, {"view": "grid", "kind__exact": "image"})
    assert shown(page) == "grid"
    assert len(page.context["cl"].result_list) == 1
    assert "as-grid" in page.content.decode()
    assert shown(console.get(LIST)) == "grid"
    assert shown(console.get(LIST, {"view": "nonsense"})) == "grid"
    client.force_login(User.objects.create_superuser("other", password="x"))
    assert shown(client.get(LIST)) == "table"


def test_switching_keeps_the_filters(console, image, configured):
    page = console.get(LIST, {"kind__exact": "image"}).content.decode()
    assert 'href="?kind__exact=image&amp;view=grid"' in page


def test_the_gallery_takes_few_queries(
    console, image, configured, django_assert_max_num_queries
):
    console.get(LIST, {"view": "grid"})
    with django_assert_max_num_queries(9):
        console.get(LIST)


def test_a_small_picture_is_small_and_private(console, image):
    answer = small(console, image)
    with Image.open(io.BytesIO(answer.content)) as made:
        assert (made.format, made.size) == ("WEBP", (320, 213))
    caching = answer.headers["Cache-Control"]
    assert caching == "private, max-age=604800, immutable"


def test_small_pictures_are_for_who_may_see_media(client, image):
    assert small(client, image).status_code == 302
    client.force_login(User.objects.create_user("pat", is_staff=True))
    assert small(client, image).status_code == 403


@pytest.mark.parametrize("data", [b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(9)])
def test_what_cannot_be_drawn_has_a_sign(console, files, data):
    answer = small(console, kept(files, data))
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_lost_file_has_a_sign(console, files, image):
    (files / image.name).unlink()
    assert b"<svg" in small(console, image).content


def test_no_byte_of_a_video_is_read_for_a_list(console, files, configured, monkeypatch):
    film = kept(files, bytes(64), "video/mp4", Kind.VIDEO)
    monkeypatch.setattr("media.shelves.Shelf.open", None)
    page = console.get(LIST, {"view": "grid"}).content.decode()
    assert "<video" not in page
    assert 'data-preview="video"' in page
    assert b"<svg" in small(console, film).content


def test_a_removed_file_is_seen_but_not_linked(console, image, configured):
    Asset.objects.update(removed_at=timezone.now(), removal="x")
    page = console.get(LIST, {"presence": "removed"}).content.decode()
    assert "data-preview" not in page
    assert "thumbnail" in page
    assert small(console, image).headers["Content-Type"] == "image/webp"


def test_a_signed_link_is_copied_with_its_signature(console, image, configured):
    configured(signed_links=True)
    page = console.get(LIST).content.decode()
    assert page.count("&amp;signature=") >= 2
    assert f'download="{"a" * 32}.png"' in page

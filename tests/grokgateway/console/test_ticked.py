"""Ids that no row can have are refused before they are looked for."""

import pytest
from django.contrib.auth.models import Group


@pytest.mark.parametrize("ticked", ["x", "", "1.5", "-1e3", "9" * 40, "1\0"])
def test_an_id_that_cannot_be_is_a_bad_request(console, ticked):
    form = {"action": "delete_selected", "_selected_action": ["1", ticked]}
    answer = console.post("/admin/auth/group/", form)
    assert answer.status_code == 400
    assert "Nothing was changed." in answer.content.decode()


def test_ids_of_rows_pass(console):
    group = Group.objects.create(name="some")
    form = {"action": "delete_selected", "_selected_action": [str(group.pk), "999"]}
    answer = console.post("/admin/auth/group/", form)
    assert answer.status_code == 200
    assert "some" in answer.content.decode()


def test_lists_with_other_keys_than_numbers_are_left_alone(console):
    form = {"action": "", "_selected_action": ["image"]}
    assert console.post("/admin/media/usage/", form).status_code in {200, 302, 403}

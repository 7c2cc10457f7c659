"""Texts in and around the answers that models write."""

from django.utils.translation import gettext as _

from webui.words.shell import Words


def words() -> Words:
    return {
        "answer_code": _("Code"),
        "answer_copied": _("Copied"),
        "answer_copy": _("Copy"),
        "answer_image": _("Image"),
        "answer_table": _("Table"),
        "answer_video": _("Video"),
    }

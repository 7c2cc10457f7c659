"""What the forms of lists say was ticked, looked at before a database is."""

from collections.abc import Callable

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Field, Model
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin


class TickedRows(MiddlewareMixin):
    """Django would fail on ids that no row can have."""

    def process_view(
        self, request: HttpRequest, _view: Callable[..., object], *_more: object
    ) -> None:
        if request.method != "POST" or request.resolver_match is None:
            return
        model = listed(request.resolver_match.url_name or "")
        if model is None:
            return
        for ticked in request.POST.getlist(ACTION_CHECKBOX_NAME):
            if not possible(model._meta.pk, ticked):
                raise BadRequest("no row can have such an id")


def listed(name: str) -> type[Model] | None:
    """The model whose list has an address of this name."""
    for model in admin.site._registry:
        meta = model._meta
        if name == f"{meta.app_label}_{meta.model_name}_changelist":
            return model
    return None


# Any: Django's own parameters
def possible(key: "Field[object, object] | None", ticked: str) -> bool:
    if key is None:
        return False
    try:
        key.run_validators(key.to_python(ticked))
    except ValidationError:
        return False
    return True

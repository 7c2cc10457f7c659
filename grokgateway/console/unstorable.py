"""Requests that hold what no database keeps, such as NUL characters in an address."""

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin
from django.views.defaults import bad_request


class Unstorable(MiddlewareMixin):
    """The caller's fault, not the gateway's."""

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if isinstance(exception, DataError):
            return bad_request(request, exception)
        return None

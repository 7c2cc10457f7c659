"""What is refused by what it would be stored in, in the words of a page."""

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.views.defaults import bad_request

from grokgateway.replica import Refused


class Unstorable(MiddlewareMixin):
    """No database keeps NUL characters; a shared store may be away."""

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if isinstance(exception, DataError):
            return bad_request(request, exception)
        if isinstance(exception, Refused):
            return render(request, "503.html", status=503)
        return None

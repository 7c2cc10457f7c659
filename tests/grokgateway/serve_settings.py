"""Just enough Django for `manage.py serve` to run an application of the tests."""

from grokgateway.settings import *  # noqa: F403 - the point of this module

SECRET_KEY = "only-for-tests"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
INSTALLED_APPS += ["grokgateway", "grokgateway.jobs", "accounts"]
MIDDLEWARE = []
ROOT_URLCONF = "tests.grokgateway.serve_settings"
urlpatterns: list[object] = []

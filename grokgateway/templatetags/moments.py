"""`{% moment at %}` is a point in time; `at|utc` its exact text for a title."""

from django import template

from grokgateway import moments

register = template.Library()
register.simple_tag(moments.moment, name="moment")
register.filter("utc", moments.exact)

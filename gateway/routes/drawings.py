"""What a model that draws can do, as the request models want to know it."""

from gateway import pictures
from gateway.catalog import Route
from gateway.protocols.openai_images_request import (
    Limits,
    edit_limits,
    generation_limits,
)


def limits_of(route: Route) -> Limits:
    if route.capability == "image_edit":
        return edit_limits(route.name)
    return generation_limits(route.name, lite=pictures.is_lite(route))

"""The product's addresses, and one that tells what the process still holds."""

import asyncio
from collections import Counter

from django.http import HttpRequest, JsonResponse
from django.urls import path

from accounts import directory
from gateway import reels
from grokgateway import urls


async def standing(request: HttpRequest) -> JsonResponse:
    """Slots of accounts in use, and the tasks of this loop by what they run."""
    entries = directory.current().entries()
    own = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not own]
    return JsonResponse(
        {
            "inflight": sum(entry.inflight for entry in entries),
            "tasks": Counter(
                getattr(task.get_coro(), "__qualname__", "?") for task in tasks
            ),
        }
    )


reels.DOWNLOAD_PAUSE_S = 0.1
urlpatterns = [path("_standing", standing), *urls.urlpatterns]

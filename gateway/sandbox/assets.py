"""The files of an account: listed in pages, removed, read from the assets host."""

from urllib.parse import parse_qs

from gateway.sandbox import generated, paint
from gateway.sandbox.answers import send_error, send_json, send_whole
from gateway.sandbox.breaking import send_broken
from gateway.sandbox.calls import Call
from gateway.sandbox.doors import admit, find
from gateway.sandbox.files import File
from gateway.sandbox.state import State

PAGE_FILES = 50


async def listed(state: State, call: Call) -> None:
    """`cursor` is the id after which a page begins, `limit` its length."""
    account = await admit(state, call)
    if account is None:
        return
    query = parse_qs(call.query)
    limit = query.get("limit", [""])[0]
    size = int(limit) if limit.isdecimal() and int(limit) else PAGE_FILES
    files = account.files.listed()
    known = [file.id for file in files]
    cursor = query.get("cursor", [""])[0]
    start = known.index(cursor) + 1 if cursor in known else 0
    page = files[start : start + size]
    answer: dict[str, object] = {"assets": [entry(file) for file in page]}
    if start + size < len(files):
        answer["cursor"] = page[-1].id
    await send_json(call.send, answer)


def entry(file: File) -> dict[str, object]:
    return {
        "assetId": file.id,
        "fileName": file.name,
        "filePath": file.path,
        "contentType": file.media_type,
        "fileSize": len(file.content),
        "createdAt": file.created_at,
    }


async def delete(state: State, call: Call) -> None:
    account = await admit(state, call)
    if account is None:
        return
    if account.files.remove(call.path.removeprefix(call.label)):
        await send_json(call.send, {})
    else:
        await send_error(call.send, "no_such_file")


async def content(state: State, call: Call) -> None:
    """Only for the account that has the file; without cookies 403."""
    if find(state, call) is None:
        await send_error(call.send, "forbidden")
        return
    account = await admit(state, call)
    if account is None:
        return
    made = generated.lookup(account, call.path)
    if made is not None:
        await send_broken(call, paint.fault_of(call.path), made[1], made[0])
        return
    file = account.files.find(call.path.removesuffix("/content").rpartition("/")[2])
    if file is None or f"/{file.path}" != call.path:
        await send_error(call.send, "no_such_file")
        return
    media_type = file.media_type.encode("latin-1", "replace")
    await send_whole(call.send, 200, file.content, media_type)

"""Uploads, attachments of chats, lists, removal and download."""

import base64

import pytest

from gateway.sandbox import files
from tests.gateway.sandbox.asking import CHAT, HEALTHY, call, cookies

UPLOAD = "/rest/app-chat/upload-file"
FORM = "/http/upload-file-v2/direct"
LIST = "/rest/assets"
COOKIE = cookies(HEALTHY)
PNG = b"\x89PNG\r\n\x1a\n and more"


async def uploaded(sandbox, name="a.png", content=PNG, media_type="image/png"):
    document = {
        "fileName": name,
        "fileMimeType": media_type,
        "content": base64.b64encode(content).decode(),
    }
    answer = await call(sandbox, "POST", UPLOAD, document, cookie=COOKIE)
    assert answer.status == 200
    return answer.json()


async def posted(sandbox, body, cookie=COOKIE, boundary=b"b0"):
    form = b'multipart/form-data; boundary="' + boundary + b'"'
    return await call(sandbox, "POST", FORM, body, cookie=cookie, content_type=form)


async def said(sandbox, prompt, *attached, token=HEALTHY):
    document = {"message": prompt, "modeId": "fast", "fileAttachments": list(attached)}
    return await call(sandbox, "POST", CHAT, document, cookie=cookies(token))


async def test_an_upload_can_be_read_back_with_its_type(sandbox):
    file = await uploaded(sandbox)
    path = f"/{file['fileUri']}"
    assert path.endswith(f"/{file['fileMetadataId']}/content")
    answer = await call(sandbox, "GET", path, cookie=COOKIE)
    assert (answer.status, answer.reply) == (200, PNG)
    assert answer.headers[b"content-type"] == b"image/png"


@pytest.mark.parametrize(
    ("cookie", "status"),
    [(b"", 403), (b"sso=x; sso-rw=x", 403), (cookies("sandbox-heavy-2"), 404)],
)
async def test_nobody_else_reads_it(sandbox, cookie, status):
    file = await uploaded(sandbox)
    answer = await call(sandbox, "GET", f"/{file['fileUri']}", cookie=cookie)
    assert answer.status == status


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_faults_strike_here_too(sandbox, method):
    cookie = cookies("sandbox-heavy-err503")
    path = "/users/a/b/content" if method == "GET" else "/rest/assets-metadata/x"
    assert (await call(sandbox, method, path, cookie=cookie)).status == 503
    assert (await call(sandbox, "GET", LIST, cookie=cookie)).status == 503
    assert (await call(sandbox, "POST", UPLOAD, {}, cookie=cookie)).status == 503
    assert (await posted(sandbox, b"", cookie)).status == 503


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        b"{",
        {"fileName": "a", "fileMimeType": "b", "content": "!"},
        {"fileName": "a", "fileMimeType": "b", "content": ""},
        {"fileName": "a", "fileMimeType": "b", "content": 7},
        {"fileName": 1, "fileMimeType": "b", "content": "aGk="},
        {"fileName": "a", "content": "aGk="},
    ],
)
async def test_an_odd_upload_is_refused(sandbox, document):
    answer = await call(sandbox, "POST", UPLOAD, document, cookie=COOKIE)
    assert answer.status == 400


async def test_the_later_form_takes_the_bytes_themselves(sandbox):
    content = b"\r\n--b1\r\n\r\nbytes\xff"
    body = (
        b'--b0\r\nContent-Disposition: form-data; name="file_source"\r\n\r\nX\r\n'
        b'--b0\r\nContent-Disposition: form-data; name="file"; '
        b'filename="a \\"b\\".png"\r\nContent-Type: image/png\r\n\r\n'
        + content
        + b"\r\n--b0--\r\n"
    )
    sandbox.state.settings.strict_statsig = True
    answer = await posted(sandbox, body)
    assert answer.json()["terminalError"] is None
    sandbox.state.settings.strict_statsig = False
    listed = (await call(sandbox, "GET", LIST, cookie=COOKIE)).json()["assets"][0]
    assert listed["fileName"] == 'a "b".png'
    assert listed["assetId"] == answer.json()["fileMetadata"]["fileMetadataId"]
    path = f"/{answer.json()['fileMetadata']['fileUri']}"
    assert (await call(sandbox, "GET", path, cookie=COOKIE)).reply == content


async def test_the_later_form_wants_a_file_that_is_not_empty(sandbox):
    head = b'--b0\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
    answer = await posted(sandbox, head + b"\r\n--b0--\r\n")
    assert (answer.status, answer.json()["terminalError"]) == (200, "EMPTY_FILE")
    assert (await posted(sandbox, b"nothing of the kind")).status == 400
    wrong = await call(sandbox, "POST", FORM, {}, cookie=COOKIE)
    assert wrong.status == 415


async def test_a_chat_names_what_is_attached(sandbox):
    first = await uploaded(sandbox)
    second = await uploaded(sandbox, "b.txt", b"hi", "text/plain")
    ids = [first["fileMetadataId"], second["fileMetadataId"]]
    repeated = (await said(sandbox, "What is it?", *ids)).text()
    assert "What is it?" in repeated
    assert "a.png (image/png, 17 bytes), b.txt (text/plain, 2 bytes)" in repeated
    exact = await said(sandbox, "[[files]]", *ids)
    assert exact.text() == "a.png (image/png, 17 bytes)\nb.txt (text/plain, 2 bytes)"
    assert (await said(sandbox, "[[files]]")).text() == "none"


@pytest.mark.parametrize("attached", [["nothing"], [7], "text"])
async def test_unknown_attachments_are_refused(sandbox, attached):
    document = {"message": "hi", "modeId": "fast", "fileAttachments": attached}
    answer = await call(sandbox, "POST", CHAT, document, cookie=COOKIE)
    assert answer.status == 400


async def test_the_file_of_another_account_is_unknown(sandbox):
    file = await uploaded(sandbox)
    answer = await said(sandbox, "hi", file["fileMetadataId"], token="sandbox-heavy-2")
    assert answer.status == 400


async def test_lists_come_in_pages_newest_first(sandbox):
    names = [f"{number}.png" for number in range(5)]
    for name in names:
        await uploaded(sandbox, name)
    seen: list[str] = []
    cursor = ""
    for more in (True, True, False):
        query = f"limit=2&cursor={cursor}"
        answer = await call(sandbox, "GET", LIST, cookie=COOKIE, query=query)
        page = answer.json()
        seen += [entry["fileName"] for entry in page["assets"]]
        assert ("cursor" in page) is more
        cursor = page.get("cursor")
    assert seen == names[::-1]


async def test_a_file_is_removed_once(sandbox):
    identity = (await uploaded(sandbox))["fileMetadataId"]
    path = f"/rest/assets-metadata/{identity}"
    assert (await call(sandbox, "DELETE", path, cookie=COOKIE)).status == 200
    assert (await call(sandbox, "DELETE", path, cookie=COOKIE)).status == 404
    assert (await call(sandbox, "POST", path, {}, cookie=COOKIE)).status == 404
    assert (await call(sandbox, "GET", LIST, cookie=COOKIE)).json() == {"assets": []}
    for other in (path, LIST):
        method = "DELETE" if other is path else "GET"
        assert (await call(sandbox, method, other)).status == 401


async def test_the_oldest_files_go_when_there_is_no_room(sandbox, monkeypatch):
    monkeypatch.setattr(files, "KEPT_BYTES", 40)
    for name in "abc":
        await uploaded(sandbox, name)
    listed = (await call(sandbox, "GET", LIST, cookie=COOKIE)).json()["assets"]
    assert [entry["fileName"] for entry in listed] == ["c", "b"]


async def test_files_are_counted(sandbox):
    file = await uploaded(sandbox)
    await uploaded(sandbox)
    await call(sandbox, "GET", f"/{file['fileUri']}", cookie=COOKIE)
    path = f"/rest/assets-metadata/{file['fileMetadataId']}"
    await call(sandbox, "DELETE", path, cookie=COOKIE)
    stats = (await call(sandbox, "GET", "/_sandbox/stats")).json()
    counted = {UPLOAD: 2, "/users/": 1, "/rest/assets-metadata/": 1}
    assert stats["endpoints"] == counted
    assert stats["accounts"][HEALTHY]["endpoints"] == counted
    assert stats["accounts"][HEALTHY]["files"] == {"kept": 1, "uploaded": 2}


async def test_a_recorded_body_is_not_kept_whole_when_large(sandbox):
    sandbox.state.settings.record = True
    await call(sandbox, "POST", UPLOAD, b"x" * 2_000_000, cookie=COOKIE)
    assert len(sandbox.state.requests[0].body) == 1024 * 1024

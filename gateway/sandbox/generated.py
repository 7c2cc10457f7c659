"""Where made pictures and films lie, and their bytes, which follow from their names."""

from gateway.sandbox import film, paint
from gateway.sandbox.accounts import Account
from gateway.sandbox.answers import send_error, send_whole
from gateway.sandbox.calls import Call
from gateway.sandbox.state import State

PUBLIC = "/imagine-public/images/"
PART = "-part-0"
ANYONES = "u1"  # the account in the cards of ordinary chats
JPEG, PNG, MP4 = b"image/jpeg", b"image/png", b"video/mp4"

Found = tuple[bytes, bytes]


def picture_path(user_id: str, identity: str, *, preview: bool = False) -> str:
    return f"users/{user_id}/generated/{identity}{PART * preview}/image.jpg"


def film_path(user_id: str, identity: str) -> str:
    return f"users/{user_id}/generated/{identity}/generated_video.mp4"


def still_path(user_id: str, identity: str) -> str:
    return f"users/{user_id}/generated/{identity}/preview_image.jpg"


def public_path(identity: str, *, preview: bool = False) -> str:
    return f"{PUBLIC}{identity}.{'png' if preview else 'jpg'}"


def lookup(account: Account, path: str) -> Found | None:
    """Type and bytes of `/users/...`; None for what is not made here, or not his."""
    match path.split("/"):
        case ["", "users", owner, "generated", folder, leaf] if folder:
            if owner not in {account.user_id(), ANYONES}:
                return None
            return in_folder(folder, leaf)
        case ["", "users", owner, identity, "content"] if owner == account.user_id():
            return whole(identity) if paint.is_ours(identity) else None
        case _:
            return None


def in_folder(folder: str, leaf: str) -> Found | None:
    identity = folder.removesuffix(PART)
    match leaf:
        case "image.jpg":
            shown = paint.png if folder.endswith(PART) else paint.jpeg
            return (PNG if folder.endswith(PART) else JPEG), shown(identity)
        case "preview_image.jpg":
            return JPEG, paint.jpeg(identity)
        case "generated_video.mp4" if paint.seconds_of(identity):
            return MP4, film.mp4(identity)
        case _:
            return None


def whole(identity: str) -> Found:
    if paint.seconds_of(identity):
        return MP4, film.mp4(identity)
    return JPEG, paint.jpeg(identity)


async def public(_state: State, call: Call) -> None:
    """Pictures of the Imagine socket are there for everyone who has the address."""
    identity, _, suffix = call.path.removeprefix(PUBLIC).partition(".")
    if not paint.is_ours(identity) or suffix not in {"jpg", "png"}:
        await send_error(call.send, "no_such_file")
    elif suffix == "jpg":
        await send_whole(call.send, 200, paint.jpeg(identity), JPEG)
    else:
        await send_whole(call.send, 200, paint.png(identity), PNG)

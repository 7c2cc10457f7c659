"""Media made through the chat endpoint: edits, films, light pictures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.sandbox import cards, frames, generated, paint, posts, script
from gateway.sandbox.accounts import Account
from gateway.sandbox.breaking import FAULTS
from gateway.sandbox.directives import Directives
from gateway.sandbox.forms import Generation, Operation
from gateway.sandbox.frames import Frame
from gateway.sandbox.script import Cue

EDIT = "imagine-image-edit"
VIDEO = "imagine-video-gen"
LIGHT = "Drawing: "
LARGE = "720p"
EDITS = {"old": 2, "new": 1}  # pictures an edit makes
LIGHTS = 2
EDIT_PERCENTS = (0, 50, 100)
VIDEO_PERCENTS = (1, 10, 25, 42, 60, 80, 100)
SEGMENT_S = range(1, 31)
NEW_SEGMENT_S = range(1, 16)
OPERATIONS: dict[str, Operation] = {EDIT: "image_edit", VIDEO: "video"}


@dataclass(frozen=True, slots=True)
class Order:
    """`seed`: what the result depends on; `sources`: files or posts it refers to."""

    model: str
    message: str
    seed: str
    ratio: str = "1:1"
    seconds: int = 0
    sources: tuple[object, ...] = ()
    posts: tuple[object, ...] = ()
    generation: Generation = "old"
    large: bool = False

    @property
    def kind(self) -> str:
        """As media are counted."""
        if self.model == EDIT:
            return "imageEdit"
        return "video720p" if self.large else "video"


def read(fields: Frame) -> Order | None:
    """Either generation's form; None for what is none of them."""
    message = fields.get("message")
    reader = READERS.get(str(fields.get("modelName")))
    if not isinstance(message, str) or reader is None:
        return None
    try:
        return reader(message, fields)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def read_edit(message: str, fields: Frame) -> Order:
    later = fields.get("mediaGenInput")
    if later:
        wanted = later["imageToImage"]
        sources = tuple(wanted["inputAssets"])
        seed = f"{message} {sources}"
        return Order(EDIT, message, seed, sources=sources, generation="new")
    models = fields["responseMetadata"]["modelConfigOverride"]["modelMap"]
    config = models["imageEditModelConfig"]
    sources = tuple(named_file(url) for url in config["imageReferences"])
    seed, parent = f"{message} {sources}", config["parentPostId"]
    return Order(EDIT, message, seed, sources=sources, posts=(parent,))


def read_video(message: str, fields: Frame) -> Order:
    later = fields.get("mediaGenInput")
    if later:
        film = later["textToVideo"]
        ratio, seconds = film["aspectRatio"], int(film["duration"])
        seconds = in_range(seconds, NEW_SEGMENT_S)
        large = film.get("resolutionName") == LARGE
        return Order(
            VIDEO, message, message, ratio, seconds, generation="new", large=large
        )
    models = fields["responseMetadata"]["modelConfigOverride"]["modelMap"]
    config = models["videoGenModelConfig"]
    sources = tuple(map(named_file, config.get("imageReferences", ())))
    seconds, hung_on = int(config["videoLength"]), [config["parentPostId"]]
    if config.get("isVideoExtension"):
        hung_on.append(config["extendPostId"])
        seconds += int(config["videoExtensionStartTime"])
    return Order(
        VIDEO,
        message,
        f"{message} {seconds} {sources}",
        config["aspectRatio"],
        in_range(seconds),
        sources,
        tuple(hung_on),
        large=config.get("resolutionName") == LARGE,
    )


READERS: dict[str, Callable[[str, Frame], Order]] = {
    EDIT: read_edit,
    VIDEO: read_video,
}


def named_file(url: str) -> str:
    """The id in the address of a file's content."""
    return url.removesuffix("/content").rpartition("/")[2]


def in_range(seconds: int, possible: range = SEGMENT_S) -> int:
    if seconds not in possible:
        raise ValueError("a film of such a length is not made")
    return seconds


def knows(account: Account, order: Order) -> bool:
    """Whether everything the order refers to is the account's."""
    files = all(account.files.find(source) for source in order.sources)
    return files and all(post in account.posts for post in order.posts)


def cues(account: Account, order: Order, asked: Directives) -> Iterator[Cue]:
    yield from map(Cue, frames.opening())
    made = edited if order.model == EDIT else filmed
    told = list(made(account, order, asked))
    if "error" in asked:
        yield from told[: asked.number("error_after")]
        yield Cue(script.in_band(asked.text("error")))
        return
    yield from told


def edited(account: Account, order: Order, asked: Directives) -> Iterator[Cue]:
    user_id, urls, ids = account.user_id(), [], []
    new = order.generation == "new"  # which makes one a call, and others if asked again
    first = account.modes[EDIT] * EDITS["old"] if new else 0
    for index in range(EDITS[order.generation]):
        number = first + index
        identity = named(asked, seed(order.seed, asked, number), order.ratio)
        withheld = is_withheld(asked, index)
        final = generated.picture_path(user_id, identity)
        urls.append(final)
        ids.append(identity)
        if "noresult" in asked or "summary_only" in asked:
            continue
        for percent in EDIT_PERCENTS:
            done = percent == max(EDIT_PERCENTS)
            shown = generated.picture_path(user_id, identity, preview=not done)
            more = {"assetId": identity, "moderated": withheld} if done else {}
            frame = frames.response(
                streamingImageGenerationResponse={
                    "imageIndex": index,
                    "progress": percent,
                    "imageUrl": shown,
                    **more,
                }
            )
            yield Cue(frame, paced=True, word=True)
    nothing = "noresult" in asked
    yield Cue(
        frames.model_response(
            "",
            generatedImageUrls=[] if nothing else urls,
            fileAttachments=[] if nothing else ids,
        )
    )


def filmed(account: Account, order: Order, asked: Directives) -> Iterator[Cue]:
    user_id = account.user_id()
    identity = named(asked, seed(order.seed, asked, 0), order.ratio, order.seconds)
    known = {"videoId": identity, "videoPostId": posts.keep(account)}
    for percent in VIDEO_PERCENTS[: -1 if "noresult" in asked else None]:
        done = percent == max(VIDEO_PERCENTS)
        result = {
            "assetId": identity,
            "videoUrl": generated.film_path(user_id, identity),
            "thumbnailImageUrl": generated.still_path(user_id, identity),
            "moderated": is_withheld(asked, 0),
        }
        if done and is_withheld(asked, 0):
            del result["videoUrl"]
        frame = frames.response(
            streamingVideoGenerationResponse={
                **known,
                "progress": percent,
                "resolutionName": "720p",
                **(result if done else {}),
            }
        )
        yield Cue(frame, paced=True, word=True)
    yield Cue(frames.model_response("", fileAttachments=[]))


def light(account: Account, message: str, asked: Directives) -> Iterator[Cue]:
    """Cards of pictures, as any chat has them, though of this account and prompt."""
    yield from map(Cue, frames.opening())
    count = 0 if "noresult" in asked else asked.number("image", LIGHTS, bare=1)
    told: list[Cue] = []
    for number in range(1, count + 1):
        found = cards.picture(
            number,
            moderated=is_withheld(asked, number - 1),
            later="v3" in asked,
            identity=named(asked, seed(message, asked, number)),
            user_id=account.user_id(),
        )
        told += [Cue(frame, paced=True, word=True) for frame in found]
    if "error" in asked:
        yield from told[: asked.number("error_after")]
        yield Cue(script.in_band(asked.text("error")))
        return
    yield from told
    yield Cue(frames.soft_stop(hidden=False))
    yield Cue(frames.model_response("I have drawn that."))
    yield Cue(frames.final_metadata())


def named(asked: Directives, seed: str, ratio: str = "1:1", seconds: int = 0) -> str:
    """A name, which also tells what is to go wrong when the thing is fetched."""
    name, fault = paint.name(seed, ratio, seconds), asked.text("file")
    return paint.faulty(name, fault) if fault in FAULTS else name


def seed(prompt: str, asked: Directives, number: int) -> str:
    """`stock` gives everyone the same, as upstream does at times."""
    return f"stock {number}" if "stock" in asked else f"{prompt} {number}"


def is_withheld(asked: Directives, index: int) -> bool:
    """All of them, or as many as the directive says."""
    return "moderated" in asked and index < asked.number("moderated", bare=1000)

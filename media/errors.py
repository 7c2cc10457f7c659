"""Why bytes were not kept or not found. Callers map these to their own answers."""


class MediaError(Exception):
    """`code` is stable and may be stored or shown."""

    code = "media_error"


class TooLarge(MediaError):
    code = "media_too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The file is larger than {limit_bytes} bytes.")


class DiskLow(MediaError):
    """Keeping more would leave less free space than `cache.local.min_free_mb`.

    Whoever meets this gives the caller the upstream form of the result.
    """

    code = "disk_low"

    def __init__(self) -> None:
        super().__init__("Too little disk space is free to keep the file.")


class NotMedia(MediaError):
    """The bytes are not a whole file of a kind that is kept."""

    code = "invalid_media"


class ErrorPage(NotMedia):
    """The bytes begin like HTML or JSON: an answer about a failure, not a file."""

    code = "error_page"

    def __init__(self) -> None:
        super().__init__("An error page came instead of a file.")


class Repeated(MediaError):
    """The same picture or film was made for another prompt within a day."""

    code = "repeated_result"

    def __init__(self) -> None:
        super().__init__("The result is one that another prompt had been given.")


class BadId(MediaError):
    code = "invalid_id"

    def __init__(self) -> None:
        super().__init__("id must be 16 to 36 characters of 0-9, a-f and -.")


class UnknownFile(MediaError):
    code = "file_not_found"

    def __init__(self) -> None:
        super().__init__("No such file is kept here.")

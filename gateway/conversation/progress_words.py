"""How far a picture or film is, word for word as callers know it (public-api 3.4)."""


def of_pictures(percent: int, done: int, wanted: int) -> str:
    return f"图片正在生成 {percent}% ({done}/{wanted})\n"


def of_film(percent: int) -> str:
    return f"视频正在生成 {percent}%\n"

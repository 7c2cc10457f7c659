"""The `Sec-Ch-Ua` headers that a Chromium of this user agent would send (2.4)."""

import re

PRODUCT = re.compile(r"(?:EdgA|EdgiOS|Edge|Edg|CriOS|Chromium|Chrome)/(\d+)")
PROFILE = re.compile(r"(?:chrome|chromium|edge|brave)\D*(\d{2,3})")
OTHER_ENGINES = re.compile(r"Firefox/|FxiOS/|Version/\S+ (?:Mobile/\S+ )?Safari/")
PLATFORMS = (
    ("windows", "Windows"),
    ("android", "Android"),
    ("iphone", "iOS"),
    ("ipad", "iOS"),
    ("mac os x", "macOS"),
    ("macintosh", "macOS"),
    ("linux", "Linux"),
)
ARCHITECTURES = (
    (("aarch64", "arm"), "arm"),
    (("x86_64", "x64", "win64", "intel"), "x86"),
)
MOBILE_PLATFORMS = frozenset({"Android", "iOS"})


def client_hints(user_agent: str, browser: str) -> list[tuple[str, str]]:
    """Empty for other engines; the user agent decides, `browser` only fills gaps."""
    version = engine_version(user_agent, browser.lower())
    if version is None:
        return []
    agent = user_agent.lower()
    brand = brand_of(agent, browser.lower())
    platform = next((name for sign, name in PLATFORMS if sign in agent), "")
    mobile = "mobile" in agent or platform in MOBILE_PLATFORMS
    brands = f'"{brand}";v="{version}", "Chromium";v="{version}", "Not(A:Brand";v="24"'
    hints = [
        ("Sec-Ch-Ua", brands),
        ("Sec-Ch-Ua-Mobile", "?1" if mobile else "?0"),
        ("Sec-Ch-Ua-Model", ""),
    ]
    if platform:
        hints.append(("Sec-Ch-Ua-Platform", f'"{platform}"'))
    for signs, name in ARCHITECTURES:
        if any(sign in agent for sign in signs):
            hints += [("Sec-Ch-Ua-Arch", name), ("Sec-Ch-Ua-Bitness", "64")]
            break
    return hints


def engine_version(user_agent: str, browser: str) -> str | None:
    """From the product token, as macOS agents hold other numbers before it."""
    product = PRODUCT.search(user_agent)
    if product:
        return product.group(1)
    if OTHER_ENGINES.search(user_agent):
        return None
    profile = PROFILE.search(browser)
    return profile.group(1) if profile else None


def brand_of(agent: str, browser: str) -> str:
    if "edg" in agent:
        return "Microsoft Edge"
    if "brave" in agent or "brave" in browser:
        return "Brave"
    return "Chromium" if "chromium" in agent else "Google Chrome"

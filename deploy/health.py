"""Exit code 0 if the gateway in this container answers /health."""

import os
import sys
import urllib.request

EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - compared
LIMIT_S = 4


def address(variables: "os._Environ[str] | dict[str, str]") -> str:
    host = variables.get("SERVER_HOST", "").strip()
    host = "127.0.0.1" if host in EVERYWHERE else host
    port = variables.get("SERVER_PORT", "").strip() or "8000"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/health"


def main() -> int:
    try:
        # Ours alone: a proxy of the environment is not asked.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(address(os.environ), timeout=LIMIT_S) as answer:
            return 0 if answer.status == 200 else 1
    except OSError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())

"""`python -m gateway.sandbox`: the stand-in upstream on its own."""

import argparse

from gateway.sandbox import server


def main() -> None:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    server.add_arguments(parser)
    server.run(parser.parse_args())


if __name__ == "__main__":
    main()

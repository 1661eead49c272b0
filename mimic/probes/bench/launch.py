"""placeholder"""


def run(arguments: list[str]) -> int:
    return 0

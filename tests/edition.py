"""`python -m tests.edition` writes the next edition of the functions, if one of the schema's files has changed."""

from __future__ import annotations

from infra.postgres.migrate import SOURCES


def main() -> None:
    """Count one up, and note the checksum that goes with it."""
    place = SOURCES.schema / "edition"
    number, noted = place.read_text(encoding="utf-8").split()
    if noted != SOURCES.checksum():
        place.write_text(f"{int(number) + 1} {SOURCES.checksum()}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

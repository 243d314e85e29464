"""The number of the functions grows with each change of them, so that the newer of two releases has its own."""

from infra.postgres.migrate import SOURCES


def test_number_of_the_functions_is_of_the_functions_that_are_there() -> None:
    number, checksum = (SOURCES.schema / "edition").read_text(encoding="utf-8").split()

    assert checksum == SOURCES.checksum(), (
        f"the schema has changed: write `{int(number) + 1} {SOURCES.checksum()}` into infra/postgres/schema/edition"
        " (once between two releases is enough for the number)"
    )

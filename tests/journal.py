"""What happened, line by line, for tests that wait for a line instead of looking again and again."""

import anyio


class Journal:
    """An ordered list of lines; fakes add to it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._grown = anyio.Event()

    def add(self, line: str) -> None:
        """Write one more line."""
        self.lines.append(line)
        self._grown.set()
        self._grown = anyio.Event()

    async def until(self, line: str, times: int = 1) -> None:
        """Wait until the line has been written so many times."""
        while self.lines.count(line) < times:
            await self._grown.wait()

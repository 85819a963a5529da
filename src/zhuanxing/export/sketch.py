"""The sketch of a Vensim file: its views as records of boxes, arrows, valves and pipes."""

from __future__ import annotations

from collections.abc import Iterable

from zhuanxing.export.layout import Box, Placed
from zhuanxing.export.views import Pipe, View

__all__ = ["sketch"]

OPEN = "\\\\\\---/// Sketch information - do not modify anything except names"
VERSION = "V300  Do not put anything below this section - it will be ignored"
FONT = "$192-192-192,0,Arial|10||0-0-0|0-0-0|0-0-255|-1--1--1|-1--1--1|96,96,90,0"
CLOSE = "///---\\\\\\"
# Settings: 15 is the method of integration (0 is Euler's), 19 the zoom, 22 equivalent units.
SETTINGS = ":L\x7f<%^E!@"
STOCK, PLAIN, FLOW = "3,3,0,0,0,0,0,0", "8,3,0,0,0,0,0,0", "40,3,0,0,-1,0,0,0"
GREY = "128-128-128,0-0-0,|10||128-128-128"
SHADOW = f"8,2,0,3,-1,0,0,0,{GREY}"
ARROW = "0,0,0,0,0,64,0,-1--1--1,,1"
PIPE_END = "0,0,22,0,0,0,-1--1--1,,1"
INTO_STOCK, FROM_STOCK = 4, 100
VALVE_RISE = 14


def sketch(views: Iterable[tuple[View, Placed]]) -> str:
    """Return the part of a Vensim file below its equations: the views and the settings."""
    drawings = [
        "\n".join([OPEN, VERSION, f"*{view.name}", FONT, *_Drawing(view, boxes).lines])
        for view, boxes in views
    ]
    settings = [SETTINGS, "22:Year,Years", "15:0,0,0,0,0,0", "19:90,0", "27:0,", "34:0,"]
    return "\n".join([*drawings, CLOSE, *settings]) + "\n"


class _Drawing:
    """The records of one view; every record has a number by which arrows name it."""

    def __init__(self, view: View, boxes: Placed) -> None:
        self.boxes = boxes
        self.lines: list[str] = []
        self.count = 0
        self.numbers: dict[str, int] = {}
        flows = {pipe.flow for pipe in view.pipes}
        for name in view.own:
            if name not in flows:
                self._variable(name, STOCK if name in view.stocks else PLAIN)
        for name in view.shadows:
            self._variable(name.capitalize() if name == "time" else name, SHADOW, name)
        for pipe in view.pipes:
            self._pipe(pipe)
        for cause, effect in view.arrows:
            self._arrow(cause, effect)

    def _add(self, kind: int, rest: str) -> int:
        self.count += 1
        self.lines.append(f"{kind},{self.count},{rest}")
        return self.count

    def _variable(self, label: str, looks: str, name: str | None = None) -> None:
        box = self.boxes[name or label]
        place = f"{box.x},{box.y},{box.half_width},{box.half_height}"
        self.numbers[name or label] = self._add(10, f"{label},{place},{looks}")

    def _arrow(self, cause: str, effect: str) -> None:
        start, end = self.boxes[cause], self.boxes[effect]
        middle = f"|({(start.x + end.x) // 2},{(start.y + end.y) // 2})|"
        self._add(1, f"{self.numbers[cause]},{self.numbers[effect]},{ARROW}{middle}")

    def _pipe(self, pipe: Pipe) -> None:
        box = self.boxes[pipe.flow]
        valve_box = Box(box.x, box.y - VALVE_RISE, 6, 8)
        ends = [(self._end(pipe.target), INTO_STOCK), (self._end(pipe.source), FROM_STOCK)]
        valve = self.count + len(ends) + 1
        for (number, end), direction in ends:
            middle = f"|({(valve_box.x + end.x) // 2},{valve_box.y})|"
            self._add(1, f"{valve},{number},{direction},{PIPE_END}{middle}")
        self._add(11, f"444,{valve_box.x},{valve_box.y},6,8,34,3,0,0,1,0,0,0")
        place = f"{box.x},{box.y},{box.half_width},{box.half_height}"
        self.numbers[pipe.flow] = self._add(10, f"{pipe.flow},{place},{FLOW}")

    def _end(self, name: str) -> tuple[int, Box]:
        """Return the number and box of a stock, or of a cloud drawn for the purpose."""
        box = self.boxes[name]
        if name in self.numbers:
            return self.numbers[name], box
        return self._add(12, f"48,{box.x},{box.y},10,8,0,3,0,0,-1,0,0,0"), box

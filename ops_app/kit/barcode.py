"""Code 128 and Data Matrix (ECC 200) symbols as SVG: what tubes and sheets are scanned by.

The widths of Code 128 and the placement of Data Matrix modules follow ISO/IEC 15417 and ISO/IEC 16022.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

_CODE_128 = [
    "212222",
    "222122",
    "222221",
    "121223",
    "121322",
    "131222",
    "122213",
    "122312",
    "132212",
    "221213",
    "221312",
    "231212",
    "112232",
    "122132",
    "122231",
    "113222",
    "123122",
    "123221",
    "223211",
    "221132",
    "221231",
    "213212",
    "223112",
    "312131",
    "311222",
    "321122",
    "321221",
    "312212",
    "322112",
    "322211",
    "212123",
    "212321",
    "232121",
    "111323",
    "131123",
    "131321",
    "112313",
    "132113",
    "132311",
    "211313",
    "231113",
    "231311",
    "112133",
    "112331",
    "132131",
    "113123",
    "113321",
    "133121",
    "313121",
    "211331",
    "231131",
    "213113",
    "213311",
    "213131",
    "311123",
    "311321",
    "331121",
    "312113",
    "312311",
    "332111",
    "314111",
    "221411",
    "431111",
    "111224",
    "111422",
    "121124",
    "121421",
    "141122",
    "141221",
    "112214",
    "112412",
    "122114",
    "122411",
    "142112",
    "142211",
    "241211",
    "221114",
    "413111",
    "241112",
    "134111",
    "111242",
    "121142",
    "121241",
    "114212",
    "124112",
    "124211",
    "411212",
    "421112",
    "421211",
    "212141",
    "214121",
    "412121",
    "111143",
    "111341",
    "131141",
    "114113",
    "114311",
    "411113",
    "411311",
    "113141",
    "114131",
    "311141",
    "411131",
    "211412",
    "211214",
    "211232",
    "2331112",
]
_START_B, _START_C, _TO_B, _TO_C, _STOP = 104, 105, 100, 99, 106
QUIET_128 = 10


def code128_values(text: str) -> list[int]:
    """Symbol values with start, check digit and stop; pairs of digits are packed where it pays."""
    if not text or any(not 32 <= ord(letter) < 127 for letter in text):
        raise ValueError("Code 128 holds printable ASCII")
    values: list[int] = []
    mode = ""
    at = 0
    while at < len(text):
        digits = len(text[at:]) - len(text[at:].lstrip("0123456789"))
        pays = digits >= 4 or (digits >= 2 and digits % 2 == 0 and digits == len(text))
        if pays or (mode == "C" and digits >= 2):
            if digits % 2 and mode != "C":
                values, mode = _in_mode(values, mode, "B")
                values.append(ord(text[at]) - 32)
                at += 1
                continue
            values, mode = _in_mode(values, mode, "C")
            values.append(int(text[at : at + 2]))
            at += 2
        else:
            values, mode = _in_mode(values, mode, "B")
            values.append(ord(text[at]) - 32)
            at += 1
    check = (values[0] + sum(place * value for place, value in enumerate(values[1:], start=1))) % 103
    return [*values, check, _STOP]


def _in_mode(values: list[int], mode: str, wanted: str) -> tuple[list[int], str]:
    if mode == wanted:
        return values, mode
    if not values:
        return [_START_C if wanted == "C" else _START_B], wanted
    return [*values, _TO_C if wanted == "C" else _TO_B], wanted


def code128_svg(text: str, height: int = 40) -> str:
    """The symbol with its quiet zones, one unit a module, and the text below in nothing but the picture's title."""
    bars, at = [], QUIET_128
    for value in code128_values(text):
        for place, width in enumerate(map(int, _CODE_128[value])):
            if place % 2 == 0:
                bars.append(f"M{at} 0h{width}v{height}h-{width}z")
            at += width
    # only the widths of bars mean something: the symbol fills its place, so that they are as wide as there is room
    return _svg(at + QUIET_128, height, "".join(bars), text, ' preserveAspectRatio="none"')


# rows, data codewords, error codewords; square symbols of one region
_SIZES = ((10, 3, 5), (12, 5, 7), (14, 8, 10), (16, 12, 12), (18, 18, 14), (20, 22, 18), (22, 30, 20), (24, 36, 24))


def datamatrix(text: str) -> list[list[bool]]:
    """The modules of a Data Matrix symbol, row by row, with its finder pattern."""
    codewords = _ascii_codewords(text)
    size, data, errors = next((found for found in _SIZES if found[1] >= len(codewords)), (0, 0, 0))
    if not size:
        raise ValueError("too long for one region of a Data Matrix symbol")
    if len(codewords) < data:
        codewords.append(129)
    while len(codewords) < data:
        # the 253-state algorithm keeps padding from making a pattern
        padded = 129 + (149 * (len(codewords) + 1)) % 253 + 1
        codewords.append(padded if padded <= 254 else padded - 254)
    codewords += _reed_solomon(codewords, errors)
    inner = _placed(codewords, size - 2)
    rows = []
    for row in range(size):
        if row == 0:
            rows.append([column % 2 == 0 for column in range(size)])
        elif row == size - 1:
            rows.append([True] * size)
        else:
            rows.append([True, *inner[row - 1], row % 2 == 1])
    return rows


def _ascii_codewords(text: str) -> list[int]:
    words, at = [], 0
    while at < len(text):
        pair = text[at : at + 2]
        if len(pair) == 2 and pair.isascii() and pair.isdigit():
            words.append(130 + int(pair))
            at += 2
        elif ord(text[at]) < 128:
            words.append(ord(text[at]) + 1)
            at += 1
        else:
            raise ValueError("a label holds ASCII")
    return words


def _field() -> tuple[list[int], list[int]]:
    power, log, value = [0] * 255, [0] * 256, 1
    for exponent in range(255):
        power[exponent], log[value] = value, exponent
        value <<= 1
        if value > 255:
            value ^= 0x12D
    return power, log


_POWER, _LOG = _field()


def _times(a: int, b: int) -> int:
    return _POWER[(_LOG[a] + _LOG[b]) % 255] if a and b else 0


def _reed_solomon(data: list[int], count: int) -> list[int]:
    generator = [1]
    for root in range(1, count + 1):
        longer = [*generator, 0]
        for place, factor in enumerate(generator):
            longer[place + 1] ^= _times(factor, _POWER[root])
        generator = longer
    rest = [0] * count
    for word in data:
        feedback = word ^ rest[0]
        rest = [*rest[1:], 0]
        for place in range(count):
            rest[place] ^= _times(generator[place + 1], feedback)
    return rest


_CORNERS = (
    ((-1, 0), (-1, 1), (-1, 2), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)),
    ((-3, 0), (-2, 0), (-1, 0), (0, -4), (0, -3), (0, -2), (0, -1), (1, -1)),
    ((-3, 0), (-2, 0), (-1, 0), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)),
    ((-1, 0), (-1, -1), (0, -3), (0, -2), (0, -1), (1, -3), (1, -2), (1, -1)),
)
_SHAPE = ((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0))


def _placed(codewords: list[int], size: int) -> list[list[bool]]:
    """Modules of the mapping matrix: annex F of the standard, square symbols."""
    grid: list[list[bool | None]] = [[None] * size for _ in range(size)]
    words = iter(codewords)

    def put(cells: list[tuple[int, int]]) -> None:
        word = next(words)
        for bit, (row, column) in enumerate(cells):
            if row < 0:
                row, column = row + size, column + 4 - (size + 4) % 8
            if column < 0:
                row, column = row + 4 - (size + 4) % 8, column + size
            grid[row][column] = bool(word >> (7 - bit) & 1)

    def corner(number: int) -> None:
        put([(row % size, column % size) for row, column in _CORNERS[number]])

    row, column = 4, 0
    while row < size or column < size:
        if row == size and column == 0:
            corner(0)
        if row == size - 2 and column == 0 and size % 4:
            corner(1)
        if row == size - 2 and column == 0 and size % 8 == 4:
            corner(2)
        if row == size + 4 and column == 2 and not size % 8:
            corner(3)
        while True:
            if row < size and column >= 0 and grid[row][column] is None:
                put([(row + down, column + right) for down, right in _SHAPE])
            row, column = row - 2, column + 2
            if row < 0 or column >= size:
                break
        row, column = row + 1, column + 3
        while True:
            if row >= 0 and column < size and grid[row][column] is None:
                put([(row + down, column + right) for down, right in _SHAPE])
            row, column = row + 2, column - 2
            if row >= size or column < 0:
                break
        row, column = row + 3, column + 1
    if grid[size - 1][size - 1] is None:
        grid[size - 1][size - 1] = grid[size - 2][size - 2] = True
    return [[bool(module) for module in line] for line in grid]


def datamatrix_svg(text: str) -> str:
    """The symbol with a quiet zone of two modules."""
    rows = datamatrix(text)
    drawn = "".join(
        f"M{column + 2} {row + 2}h1v1h-1z" for row, line in enumerate(rows) for column, dark in enumerate(line) if dark
    )
    return _svg(len(rows) + 4, len(rows) + 4, drawn, text)


def _svg(width: int, height: int, path: str, title: str, shape: str = "") -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'shape-rendering="crispEdges"{shape} role="img">'
        f'<title>{escape(title)}</title><rect width="{width}" height="{height}" fill="#fff" stroke="none"/>'
        f'<path d="{path}" fill="#000" stroke="none"/></svg>'
    )

"""The file of a reference book: whatever comes is read or refused by line, never taken half."""

from __future__ import annotations

import pytest

from ops_app.modules.classifiers.reading import MOST_BYTES, read

HEAD = "code;title_ru\n"


@pytest.mark.req("OID-03")
@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + (HEAD + "T01;Терапия\nT02;Хирургия\n").encode(),
        "code,title_ru\r\nT01,Терапия\r\nT02,Хирургия\r\n".encode(),
        "code;title_ru\rT01;Терапия\rT02;Хирургия\r".encode(),
        ' Code ; TITLE_RU\nT01;"Терапия"\nT02;Хирургия\n'.encode(),
    ],
    ids=["byte order mark", "windows", "old macintosh", "spaces and capitals"],
)
def test_the_ways_in_which_tables_are_saved_are_read(content: bytes) -> None:
    reading = read(content)
    assert not reading.problems
    assert [(row["code"], row["title_ru"]) for row in reading.rows] == [("T01", "Терапия"), ("T02", "Хирургия")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ((HEAD + "T01;Терапия\n").encode("cp1251"), "not UTF-8"),
        ((HEAD + "T01;Терапия\n").encode("utf-16"), "not UTF-8"),
        (b"PK\x03\x04\x14\x00\x06\x00", "not UTF-8"),
        (b"x" * (MOST_BYTES + 1), "larger than"),
        (b"", "no column code, title_ru"),
        (HEAD.encode(), "no codes"),
        ((HEAD + 'T01;"Терапия\nT02;Хирургия\n').encode(), "quotation mark"),
        ((HEAD + 'T01;"' + "x" * 200_000).encode(), "quotation mark"),
        ((HEAD + "T01;Терапия;лишнее\n").encode(), "line 2: the number of columns"),
        (b"code;title_ru;title_ru\nT01;a;b\n", "twice: title_ru"),
        ((HEAD + "T01;a\0b\n").encode(), "line 2"),
        ((HEAD + "T01;a\nT01;b\n").encode(), "line 3: the code T01 stands in the file twice"),
    ],
)
def test_a_broken_file_is_refused_in_words(content: bytes, told: str) -> None:
    assert told in " ".join(read(content).problems)

"""The command line in the user's language; scripts and logs hear English."""

import json
from collections.abc import Iterator

import pytest

from saulyq import language, refusals
from saulyq.environment import part_environment
from saulyq.errors import SaulyqError, UsageError
from saulyq.settings import settings
from tests.installation import Installation, make_installation, remove_installation


@pytest.fixture(scope="module")
def fresh() -> Iterator[Installation]:
    """An installation that was never started."""
    made = make_installation()
    yield made
    remove_installation(made)


@pytest.mark.req("I18N-01")
@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ("kk", "saulyq: nowhere бөлігі жоқ; барлары:"),
        ("ru", "saulyq: нет части nowhere; есть:"),
        ("en", "saulyq: no part nowhere; there are:"),
    ],
)
def test_an_error_is_told_in_the_language_of_the_terminal(fresh: Installation, chosen: str, told: str) -> None:
    result = fresh.run("run", "nowhere", check=False, SAULYQ_LANGUAGE=chosen)
    assert result.returncode == 2
    assert result.stderr.startswith(told)
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("locale", "usage", "meaning"),
    [
        ({"LC_ALL": "ru_RU.UTF-8", "LANG": "kk_KZ.UTF-8"}, "Использование: saulyq db url", "Чей адрес."),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "kk_KZ.UTF-8"}, "Пайдалану: saulyq db url", "Кімнің мекенжайы."),
        ({"LC_ALL": "C.UTF-8", "LANG": "ru_RU.UTF-8"}, "Usage: saulyq db url", "Whose address."),
        ({"LC_ALL": "fr_FR.UTF-8"}, "Usage: saulyq db url", "Whose address."),
    ],
)
def test_help_follows_the_locale(fresh: Installation, locale: dict[str, str], usage: str, meaning: str) -> None:
    shown = fresh.run("db", "url", "--help", SAULYQ_LANGUAGE="", **locale).stdout
    assert usage in shown
    assert meaning in shown
    if "Usage" not in usage:
        # nothing of Typer's own is left either
        assert not {"Usage", "Options", "Show this message"} & set(shown.split())


def test_a_language_nobody_has_is_english(fresh: Installation) -> None:
    shown = fresh.run("db", "url", "--help", SAULYQ_LANGUAGE="de", LANG="ru_RU.UTF-8").stdout
    assert "Whose address." in shown


def test_a_document_for_scripts_is_the_same_in_every_language(fresh: Installation) -> None:
    documents = [json.loads(fresh.run("status", "--json", SAULYQ_LANGUAGE=each).stdout) for each in ("en", "kk", "ru")]
    assert documents[0] == documents[1] == documents[2]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["db", "urll"], "Нет команды «urll». Может быть, 'url'?; см. saulyq db --help"),
        (["db", "url", "--rolle"], "Нет параметра --rolle (возможно: --role); см. saulyq db url --help"),
        (["query"], "Не указан аргумент «sql»; см. saulyq query --help"),
        (["load", "region", "--people"], "Параметру «--people» нужно значение"),
        (["load", "region", "--people", "3"], "Недопустимое значение '--people': нужно число не меньше 100"),
        (["load", "region", "--people", "ten"], "Недопустимое значение '--people': нужно целое число"),
        (["db", "url", "--role", "king"], "Недопустимое значение '--role': «king» — не одно из: 'owner'"),
        (["signals", "catalog", "x"], "Лишние аргументы (x); см. saulyq signals catalog --help"),
    ],
)
def test_what_typer_refuses_is_translated_too(fresh: Installation, arguments: list[str], told: str) -> None:
    result = fresh.run(*arguments, check=False, SAULYQ_LANGUAGE="ru")
    assert result.returncode == 2
    assert result.stderr.startswith(f"saulyq: {told}")


class TestMessages:
    @pytest.fixture(autouse=True)
    def russian(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(language.VARIABLE, "ru")

    def test_an_error_stays_english_until_it_is_told(self) -> None:
        error = UsageError("no account %(login)s", login="aigul")
        assert str(error) == "no account aigul"
        assert language.told(error) == "нет учётной записи aigul"

    def test_numbers_are_grouped_as_the_language_does(self) -> None:
        assert language.translated("rows sealed: %(count)s", count=1234567) == "опечатано строк: 1 234 567"

    def test_an_error_within_an_error_is_told(self) -> None:
        inner = SaulyqError("no sealed state yet; run: saulyq integrity seal")
        outer = SaulyqError("%(file)s is damaged: %(error)s", file="a.age", error=inner)
        assert language.told(outer).startswith("a.age повреждён: опечатанного состояния ещё нет")

    def test_a_percent_sign_in_a_value_is_only_text(self) -> None:
        assert language.told(SaulyqError("no account %(login)s", login="100%s")) == "нет учётной записи 100%s"
        assert language.told(SaulyqError("100% foreign")) == "100% foreign"

    def test_a_refusal_nobody_knows_stays_as_it_is(self) -> None:
        assert refusals.retold("Something new") == "Something new"


def test_parts_speak_english_in_their_logs(fresh: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(language.VARIABLE, "kk")
    assert part_environment(settings())[language.VARIABLE] == "en"

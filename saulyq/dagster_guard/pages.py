"""The few words the guard itself says, in the language the browser asks for."""

from __future__ import annotations

from html import escape

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse

Words = dict[str, tuple[str, str]]
"""By language: what it says, and the text of the link."""

WELCOME: Words = {
    "kk": ("Деректер құбырлары Saulyq есептік жазбасымен кіргеннен кейін ашылады.", "Кіру"),
    "ru": ("Конвейеры данных открываются после входа под учётной записью Saulyq.", "Войти"),
    "en": ("The pipelines open after a sign-in with your Saulyq account.", "Sign in"),
}
NO_PERMISSION: Words = {
    "kk": ("Мұны ашу үшін «platform:dagster:open» рұқсаты керек. Ұйымыңыздың әкімшісіне айтыңыз.", ""),
    "ru": ("Чтобы открыть это, нужно право «platform:dagster:open». Обратитесь к администратору организации.", ""),
    "en": ("This needs the permission “platform:dagster:open”. Ask the administrator of your organisation.", ""),
}
NO_PROVIDER: Words = {
    "kk": ("Кіру қызметі қазір жауап бермейді. Бір минуттан кейін қайталап көріңіз.", ""),
    "ru": ("Служба входа сейчас не отвечает. Повторите через минуту.", ""),
    "en": ("The sign-in service does not answer now. Try again in a minute.", ""),
}


def text_page(headers: Headers, words: Words, status: int, link: str | None = None) -> HTMLResponse:
    """One sentence as a page."""
    asked = [part.split(";")[0].strip()[:2].lower() for part in headers.get("accept-language", "").split(",")]
    language = next((code for code in asked if code in words), "kk")
    told, action = words[language]
    button = f'<p><a href="{escape(link)}">{escape(action)}</a></p>' if link else ""
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Dagster · Saulyq</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        '<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem">'
        f"<main><h1>Dagster</h1><p>{escape(told)}</p>{button}</main></body></html>",
        status_code=status,
        headers={"Cache-Control": "no-store", "X-Frame-Options": "DENY"},
    )

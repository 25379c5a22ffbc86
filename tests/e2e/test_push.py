"""A push reaches the phone with the page closed: two neutral lines, in the language that the phone follows in."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests import services
from tests.e2e.test_offline import until

SHOWN = """async () => {
    const here = await navigator.serviceWorker.ready;
    return (await here.getNotifications()).map((one) => [one.title, one.body, one.data]);
}"""


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("", ["Có cập nhật mới", "Mở trang để xem."]),
        ("en", ["There is news", "Open the page to read it."]),
        ("km", ["មានព័ត៌មានថ្មី", "សូមបើកទំព័រដើម្បីមើល។"]),
    ],
)
def test_a_push_shows_two_neutral_lines(
    embedded_server: services.Server, phone: Page, lang: str, words: list[str]
) -> None:
    """What a push service would deliver is handed to the worker by the browser's own developer tools."""
    phone.context.grant_permissions(["notifications"], origin=embedded_server.url)
    phone.goto(f"{embedded_server.url}/report")
    until(phone, "navigator.serviceWorker.controller !== null")
    if lang:
        phone.evaluate("async (lang) => (await caches.open('push')).put('/push-language', new Response(lang))", lang)
    devtools = phone.context.new_cdp_session(phone)
    registrations: list[dict[str, Any]] = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"]))
    devtools.send("ServiceWorker.enable")
    while not registrations:
        phone.wait_for_timeout(50)
    message = {"origin": embedded_server.url, "registrationId": registrations[-1]["registrationId"], "data": "report 7"}
    devtools.send("ServiceWorker.deliverPushMessage", message)
    until(phone, f"({SHOWN})().then((shown) => shown.length > 0)")
    assert phone.evaluate(SHOWN) == [[*words, None]]

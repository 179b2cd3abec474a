"""Drive headless Chromium over its DevTools protocol: open, wait, read, screenshot. No driver program, no download.

``with Chromium() as browser: page = browser.page(); page.open(url); page.wait("selector"); page.screenshot(path)``
"""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websocket import WebSocketTimeoutException, create_connection

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)


def find() -> str | None:
    """Where Chromium is on this machine, or None."""
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


IDLE = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
"""Streamlit has carried out what was clicked: the page is as its script left it."""


class BrowserError(Exception):
    """What was awaited did not come, or the page threw."""


class Page:
    """One tab. Times are in seconds."""

    def __init__(self, address: str) -> None:
        self._socket = create_connection(address, timeout=120, suppress_origin=True)
        self._next = 0
        self.errors: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """One protocol call; its result. Raises BrowserError with the browser's own words."""
        self._next += 1
        number = self._next
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise BrowserError(f"{method}: {message['error']}")
                return dict(message.get("result", {}))
            self._note(message)

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(str(event["params"]["exceptionDetails"].get("exception", {}).get("description", "")))

    def size(self, width: int, height: int) -> None:
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def prefer(self, scheme: str) -> None:
        """``light`` or ``dark``, as the reader's system would say it."""
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def zone(self, name: str) -> None:
        self.send("Emulation.setTimezoneOverride", timezoneId=name)

    def open(self, url: str) -> None:
        self.send("Page.navigate", url=url)

    def js(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page (promises are awaited)."""
        result = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise BrowserError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 60, every: float = 0.05) -> Any:
        """Wait until a JavaScript expression is true; its value. Raises BrowserError when it stays false."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(BrowserError, WebSocketTimeoutException):  # a page being replaced has no context
                if value := self.js(expression):
                    return value
            time.sleep(every)
        raise BrowserError(f"{expression} was not true within {seconds} s; the page says: {self.text()[:600]!r}")

    def wait(self, selector: str, seconds: float = 60) -> None:
        self.wait_for(f"!!document.querySelector({json.dumps(selector)})", seconds)

    def text(self, selector: str = "body") -> str:
        return str(self.js(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def still(self, selector: str) -> tuple[float, float, float, float]:
        """x, y, width and height of the first match in the middle of the window, once it stands still there."""
        self.wait(selector)
        place = (
            f"(() => {{const e = document.querySelector({json.dumps(selector)});"
            "e?.scrollIntoView({block: 'center'});"
            "const r = e?.getBoundingClientRect(); return r && [r.x, r.y, r.width, r.height]})()"
        )
        seen, deadline = None, time.monotonic() + 60
        while not (box := self.js(place)) or box != seen:
            if time.monotonic() > deadline:
                raise BrowserError(f"{selector} does not stand still.")
            seen = box
            time.sleep(0.25)
        x, y, width, height = box
        return x, y, width, height

    def click(self, selector: str) -> None:
        """A real mouse click in the middle of the first match, once it stands still: a dialog grows as it opens."""
        x, y, width, height = self.still(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.send(
                "Input.dispatchMouseEvent", type=kind, x=x + width / 2, y=y + height / 2, button="left", clickCount=1
            )

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press, move and release the mouse."""
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        for kind, (x, y) in (
            ("mouseMoved", start),
            ("mousePressed", start),
            ("mouseMoved", middle),
            ("mouseMoved", end),
            ("mouseReleased", end),
        ):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def screenshot(self, path: Path | str) -> None:
        """What the window shows now, as a PNG."""
        Path(path).write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def close(self) -> None:
        self._socket.close()


class Chromium:
    """A browser of its own, with an empty profile, gone when the block ends."""

    def __init__(self, path: str | None = None) -> None:
        self._path = path or find()
        if self._path is None:
            raise BrowserError("There is no Chromium on this machine.")

    def __enter__(self) -> Self:
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        self._process = subprocess.Popen(
            [str(self._path), *FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port_file = Path(self._profile) / "DevToolsActivePort"
        deadline = time.monotonic() + 90
        while not (port_file.exists() and len(port_file.read_text().splitlines()) > 1):
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.__exit__(None, None, None)
                raise BrowserError("Chromium did not open its DevTools port.")
            time.sleep(0.05)
        self._port = int(port_file.read_text().splitlines()[0])
        self._pages: list[Page] = []
        return self

    def page(self, width: int = 1440, height: int = 900) -> Page:
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 (loopback, our own browser)
            page = Page(json.load(answer)["webSocketDebuggerUrl"])
        page.size(width, height)
        self._pages.append(page)
        return page

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for page in getattr(self, "_pages", []):
            with contextlib.suppress(Exception):
                page.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

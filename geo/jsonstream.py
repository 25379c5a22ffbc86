"""Read the features of a GeoJSON FeatureCollection one at a time: memory does not grow with the file."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

CHUNK = 1 << 20
MAX_VALUE = 1 << 26  # characters of one feature; the largest commune in full resolution takes under 2 million


class NotGeoJson(ValueError):
    """The text is not JSON, or not a FeatureCollection."""


def features(stream: BinaryIO) -> Iterator[Any]:
    """Each element of the top-level "features" array, as Python values.

    Raises NotGeoJson where the text breaks off or is no FeatureCollection, and whatever `stream` raises.
    """
    text = _Text(stream)
    text.expect("{")
    found = False
    if text.peek() == "}":
        raise NotGeoJson("there is no list of features")
    while True:
        key = text.value()
        if not isinstance(key, str):
            raise NotGeoJson("not JSON: a name was expected")
        text.expect(":")
        if key == "features":
            if found:
                raise NotGeoJson("there are two lists of features")
            found = True
            yield from _elements(text)
        else:
            value = text.value()
            if key == "type" and value != "FeatureCollection":
                raise NotGeoJson(f"it is a {value!r:.40}, not a FeatureCollection")
        if text.expect(",}") == "}":
            break
    if text.peek():
        raise NotGeoJson("not JSON: text follows after the end")
    if not found:
        raise NotGeoJson("there is no list of features")


def _elements(text: _Text) -> Iterator[Any]:
    text.expect("[")
    if text.peek() == "]":
        text.expect("]")
        return
    while True:
        yield text.value()
        if text.expect(",]") == "]":
            return


class _Text:
    """A window of decoded text that moves along the stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._window = ""
        self._at = 0
        self._ended = False

    def _more(self, size: int = CHUNK) -> None:
        raw = self._stream.read(size)
        self._ended = not raw
        try:
            fresh = self._utf8.decode(raw, final=self._ended)
        except UnicodeDecodeError as error:
            raise NotGeoJson("not JSON: not UTF-8 text") from error
        self._window = self._window[self._at :] + fresh
        self._at = 0

    def peek(self) -> str:
        """The next character that is not white space; "" at the end."""
        while True:
            while self._at < len(self._window) and self._window[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._window):
                return self._window[self._at]
            if self._ended:
                return ""
            self._more()

    def expect(self, allowed: str) -> str:
        """Take the next character, which must be one of `allowed`."""
        char = self.peek()
        if not char or char not in allowed:
            raise NotGeoJson(f"not JSON: {char!r} where one of {allowed!r} was expected" if char else "cut off")
        self._at += 1
        return char

    def value(self) -> Any:
        """Take one whole JSON value."""
        self.peek()
        while True:
            try:
                value, end = self._json.raw_decode(self._window, self._at)
                if end < len(self._window) or self._ended:  # else a number might go on
                    self._at = end
                    return value
            except RecursionError as error:
                raise NotGeoJson("not GeoJSON: nested too deeply") from error
            except ValueError as error:
                if self._ended:
                    where = "cut off" if self._at < len(self._window) else "cut off at the end"
                    raise NotGeoJson(f"not JSON, or {where}: {str(error)[:80]}") from error
            held = len(self._window) - self._at
            if held > MAX_VALUE:
                raise NotGeoJson("not JSON, or one feature is larger than 64 million characters")
            self._more(max(CHUNK, held))  # doubling, so that a large value is not parsed over and over

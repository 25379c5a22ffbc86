"""Clips and voice notes that people send: checked by their structure, stripped of metadata. No decoder runs.

Bytes in, bytes out; no web, no database. See docs/media.md for what is taken and what is taken out.
"""

from webapp.media.recordings.strip import RecordingInfo, strip, verify
from webapp.media.recordings.structure import NotProven, RecordingError

__all__ = ["NotProven", "RecordingError", "RecordingInfo", "strip", "verify"]

"""Pictures that people send: checked, cleaned, fingerprinted. Bytes in, bytes out; no web, no database."""

from webapp.media.errors import PhotoError
from webapp.media.photos import CleanPhoto, PhotoInfo, clean, dhash, gps, verify

__all__ = ["CleanPhoto", "PhotoError", "PhotoInfo", "clean", "dhash", "gps", "verify"]

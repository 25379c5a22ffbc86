"""The one error of the photo pipeline."""

from typing import Literal

Code = Literal[
    "empty",
    "too_large",
    "not_an_image",
    "unsupported_format",
    "broken",
    "too_many_pixels",
    "animated",
    "not_clean",
]


class PhotoError(ValueError):
    """A picture that is refused. `code` is stable and meant for the caller's translated message:

    - `empty`: no bytes.
    - `too_large`: more bytes than allowed.
    - `not_an_image`: the content is no picture, whatever its name says.
    - `unsupported_format`: a picture or picture variant outside JPEG, PNG, WebP, HEIC.
    - `broken`: cut off, damaged or contradicting itself.
    - `too_many_pixels`: the header announces more pixels than allowed.
    - `animated`: more than one frame; showing one of them would silently drop the rest of the evidence.
    - `not_clean`: our own output could not be proved free of metadata (a bug here, never the sender's fault).

    `detail` is English for the log; it never quotes the content of the file.
    """

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code: Code = code
        self.detail = detail

"""What an error code says, in the reader's language, at the field it belongs to."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

ERRORS = {
    "client_id_bad": _l("This form is damaged. Load the page again."),
    "category_missing": _l("Choose what you saw."),
    "category_unknown": _l("This kind is not in the list. Choose another one."),
    "description_long": _l("The description is too long: at most 5,000 characters."),
    "place_missing": _l("Say where it is: use your position, or choose the commune."),
    "place_long": _l("The place is too long: at most 300 characters."),
    "position_not_a_number": _l("Latitude and longitude must be numbers, such as 9.585 and 106.525."),
    "position_out_of_range": _l("These coordinates do not exist on earth. Check the numbers."),
    "position_swapped": _l("Latitude and longitude seem to be swapped. In Vietnam the latitude is 8 to 24."),
    "commune_unknown": _l("No commune of this name was found in this province. Check the spelling."),
    "commune_several": _l("Several communes have this name. Choose one."),
    "province_missing": _l("Choose the province first."),
    "category_unclear": _l("Several kinds begin like this. Choose one."),
    "source_missing": _l("Say how the report was told."),
    "agreement_missing": _l("Ask whether the person agrees that the contact is kept, then tick the box."),
    "time_bad": _l("This is not a date and time."),
    "time_future": _l("The time lies in the future."),
    "time_old": _l("The time lies more than three years back."),
    "contact_long": _l("Too long: at most 200 characters."),
    "email_bad": _l("This is not an e-mail address."),
    "phone_bad": _l("This is not a phone number."),
    "consent_missing": _l("Tick the box, or leave the contact fields empty."),
    "contact_missing": _l("Write a phone number or an e-mail address."),
    "data_kind_missing": _l("Choose what you ask for."),
    "data_text_missing": _l("Write what is wrong and how it should be."),
    "data_text_long": _l("Too long: at most 2,000 characters."),
    "data_too_many": _l("Three of your requests wait for an answer. Wait for it, then ask again."),
    "withdraw_late": _l(
        "The report cannot be withdrawn by itself any more. Ask for it here; the Front answers within 15 days."
    ),
    "too_many_reports": _l(
        "Many reports have come from this network in the last hour. Everything you entered is still here: "
        "wait a little and press send again. If it cannot wait, call 113, 114 or 115."
    ),
    "too_many_codes": _l("Too many wrong codes from this network. Wait ten minutes and try again."),
    "code_bad": _l("This is not a tracking code. It has 16 digits; check what you typed."),
    "code_unknown": _l("No report has this code."),
    "nothing_added": _l("Write something or choose a photo."),
    "text_long": _l("Too long: at most 5,000 characters."),
    "expired": _l("This page was open too long. Everything you entered is still here: press send again."),
    "photos_gone": _l("Some photos must be sent once more."),
    "body_large": _l(
        "What you attached was too large together. What you wrote is still here: choose fewer or smaller files."
    ),
}

PHOTO_ERRORS = {
    "empty": _l("%(name)s is empty."),
    "too_large": _l("%(name)s is too large: at most %(megabytes)s MB."),
    "not_an_image": _l("%(name)s is not a picture."),
    "unsupported_format": _l("%(name)s is a picture of a kind that is not taken. Use JPEG, PNG, WebP or HEIC."),
    "animated": _l("%(name)s moves. Only still pictures are taken."),
    "broken": _l("%(name)s is damaged and cannot be opened."),
    "too_many_pixels": _l("%(name)s has too many pixels."),
    "too_many": _l("%(name)s was not taken: at most %(count)s photos."),
}


def say(code: str) -> str:
    """The message of an error code; raises KeyError for a code that has none."""
    return str(ERRORS[code])


def say_photo(code: str, name: str, *, max_bytes: int, max_photos: int) -> str:
    """The message about one refused file."""
    message = PHOTO_ERRORS.get(code, PHOTO_ERRORS["broken"])
    return str(message) % {"name": name or gettext("A file"), "megabytes": max_bytes >> 20, "count": max_photos}

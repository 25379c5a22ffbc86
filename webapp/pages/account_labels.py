"""Words of the pages about accounts and the audit trail, which only staff read."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

# The role of an account together with its unit, as the map of permissions knows it.
POST: dict[str, LazyString] = {
    "commune_front": _("Front of a commune"),
    "province_front": _("Front of a province"),
    "central_front": _("Central Front"),
    "unit_officer": _("Responsible unit"),
    "member": _("Member organisation"),
    "admin": _("Administration"),
}
ACCOUNT_STATE: dict[str, LazyString] = {
    "active": _("active"),
    "invited": _("invited"),
    "off": _("switched off"),
}
# The audit view: what to look for, who is no person, and what was done.
AUDIT_GROUP: dict[str, LazyString] = {
    "identities": _("Contacts opened, personal data"),
    "exports": _("Exports"),
    "accounts": _("Accounts"),
    "rules": _("Rules and settings"),
}
AUDIT_ACTOR: dict[str, LazyString] = {"system": _("the system"), "program": _("a program"), "operator": _("the server")}
AUDIT_KIND: dict[str, LazyString] = {
    "contact:opened": _("opened a contact"),
    "data:answered": _("answered a request about personal data"),
    "audit:exported": _("exported the audit trail"),
    "job:retried": _("let a failed job run again"),
    "reference:loaded": _("loaded reference data"),
    "rules:published": _("published a rule set"),
    "rules:exported": _("took rules out as a table"),
    "reference:edited": _("changed a row of a table"),
    "reference:exported": _("took a table out"),
    "category:saved": _("changed a category"),
    "checklist:saved": _("wrote a version of a checklist"),
    "unit:saved": _("added a unit or put one right"),
    "users:exported": _("took the list of accounts out"),
    "reorganisation:approved": _("approved a reorganisation"),
    "reorganisation:withdrawn": _("withdrew a reorganisation"),
    "reorganisation:applied": _("carried out a reorganisation"),
    "reorganisation:exported": _("took a plan out as a table"),
    "scores:exported": _("took score cards out"),
    "contacts:exported": _("took addresses of offices out"),
    "replies:exported": _("took reply templates out"),
    "unit:contact_set": _("set the address of an office"),
    "unit:contact_removed": _("removed the address of an office"),
    "areas:imported": _("imported areas"),
    "user:invited": _("invited"),
    "user:added": _("added an account"),
    "user:link_sent": _("sent a new link"),
    "user:accepted": _("accepted the invitation"),
    "user:switched_off": _("switched an account off"),
    "user:switched_on": _("switched an account on"),
    "user:factor_reset": _("reset a second step"),
    "user:head_changed": _("changed who is head"),
    "user:password_changed": _("changed the password"),
    "user:app_added": _("added an app"),
    "user:app_removed": _("removed an app"),
    "user:passkey_added": _("added a passkey"),
    "user:passkey_removed": _("removed a passkey"),
    "user:recovery_codes_made": _("made recovery codes"),
    "user:recovery_code_used": _("used a recovery code"),
    "api_key:issued": _("issued a key to a program"),
    "api_key:revoked": _("revoked a program’s key"),
    "user:bound": _("first sign-in through the other service"),
}
# What somebody is signed in with (`accounts.sessions`).
MACHINE: dict[str, LazyString] = {
    "computer": _("Computer"),
    "phone": _("Phone (device)"),
    "tablet": _("Tablet"),
}
PROGRAM: dict[str, str | LazyString] = {
    "coc_coc": "Cốc Cốc",
    "edge": "Edge",
    "firefox": "Firefox",
    "chrome": "Chrome",
    "safari": "Safari",
    "other": _("another browser"),
}

"""People: who has an account, inviting, switching off and on, helping after a loss. For each level its own and the
level below (`permissions.manages`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from flask_babel import gettext as _

from webapp.accounts import passkeys, people, permissions
from webapp.accounts.models import User
from webapp.accounts.permissions import Identity, Post, allowed, may_reset
from webapp.core import clock, text
from webapp.core.instance import instance
from webapp.pages import account_labels
from webapp.pages.access import require
from webapp.pages.i18n import in_language
from webapp.reports.service import actor_of
from webapp.units import posts
from webapp.units import queries as units
from webapp.units.models import Unit
from webapp.units.posts import Wanted

bp = Blueprint("people", __name__, url_prefix="/admin/people")
HERE = "/admin/people"
CHOICES = 300  # units in the list to choose from; who has more types the code
SHORTEST, LONGEST = 10, 300
_EMAIL = re.compile(r"[^@\s<>,;:\"\\()]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
NEED_REASON = frozenset({"off", "on", "reset"})
TO_UNIT = "unit"  # instead of a colleague: open work goes back to the unit, in nobody's hands


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("")
def people_list() -> str:
    """The accounts that one looks after."""
    who = manager()
    wanted = asked_for(request.args)
    users, after = posts.listed(who, wanted)
    return render_template(
        "admin/people.html",
        users=users,
        units=units.by_codes({u.unit_code for u in users if u.unit_code}),
        wanted=wanted,
        after=after,
        states=account_labels.ACCOUNT_STATE,
        state_of=state_of,
    )


def asked_for(given: Mapping[str, str]) -> Wanted:
    """What of the list somebody asks for."""
    state = given.get("state", "")
    return Wanted(
        text.clean(given.get("q"))[:100], state if state in posts.STATES else "", given.get("after", "")[:200]
    )


@bp.get("/invite")
def people_invite() -> Response:
    """The form of an invitation."""
    return form_page(manager(), {"unit": request.args.get("unit", "")[:40]})


@bp.post("/invite")
def people_invite_send() -> Response:
    """Make the account and send its link."""
    who = manager()
    values = {name: text.clean(request.form.get(name))[:500] for name in ("email", "name", "unit", "head")}
    unit = units.by_code(values["unit"])
    errors = wrong_fields(who, values, unit)
    if not errors:
        role = posts.account_role_for(unit)
        try:
            made = people.invite(
                actor_of(who),
                email=values["email"].lower(),
                name=values["name"],
                role=role,
                unit_code=unit.code if unit else None,
                head=bool(values["head"]),
            )
        except people.Taken:
            errors = {"email": _("There is an account with this address already.")}
        else:
            return _sent(made)
    return form_page(who, values, errors, 422)


@bp.get("/<int:user_id>")
def person(user_id: int) -> Response:
    """One account."""
    who = manager()
    user, post = _found(who, user_id)
    return _page(who, user, post)


@bp.post("/<int:user_id>/<name>")
def person_act(user_id: int, name: str) -> Response:
    """Change one account: off, on, reset (its second factor), link, head, member."""
    who = manager()
    if name not in {*NEED_REASON, "link", "head", "member"}:
        abort(404)
    user, post = _found(who, user_id, hold=True)
    if not _may(who, user, post, name):
        abort(403)
    reason = text.clean(request.form.get("reason"))
    if name in NEED_REASON and not SHORTEST <= len(reason) <= LONGEST:
        message = (
            _("Write the reason: at least %(count)s characters.", count=SHORTEST)
            if len(reason) < SHORTEST
            else _("Too long: at most %(count)s characters.", count=LONGEST)
        )
        return _page(who, user, post, {"reason": message}, opened=name, status=422)
    try:
        if name == "link":
            return _sent(people.new_link(user, actor_of(who)))
        handed = _do(name, user, who, reason)
    except people.WorkLeft:
        said = _("Choose who takes over what is open under this name.")
        return _page(who, user, post, {"to": said}, opened=name, status=422)
    except people.Unfit:
        said = _("This colleague cannot take it over any more. Choose again.")
        return _page(who, user, post, {"to": said}, opened=name, status=422)
    except people.NotNow:
        return _page(who, user, post, {"_form": _("Somebody has done this already. Nothing was changed.")}, status=409)
    flash(_("Done. Handed over: %(count)s.", count=handed) if handed else _("Done."), "success")
    return redirect(f"{HERE}/{user.id}", 303)  # type: ignore[return-value]


def _do(name: str, user: User, who: Identity, reason: str) -> int:
    """Do it; how much open work was handed over by that."""
    actor = actor_of(who)
    if name == "off":
        to = request.form.get("to", "")
        if to and to != TO_UNIT and not (to.isascii() and to.isdecimal() and len(to) < 10):
            raise people.Unfit
        return people.switch_off(
            user, actor, reason, to=int(to) if to and to != TO_UNIT else None, to_unit=to == TO_UNIT
        )
    if name == "on":
        people.switch_on(user, actor, reason)
    elif name == "reset":
        people.reset_second_factor(user, actor, reason)
    else:
        people.set_head(user, actor, name == "head")
    return 0


def _may(who: Identity, user: User, post: Post, name: str) -> bool:
    """Whether this is one of the things this manager can do with this account. Nobody works on their own."""
    if user.id == who.user_id or not permissions.manages(who, post):
        return False
    if name == "reset":
        return may_reset(who, post)
    if name == "link":
        # Where the link is handed over by hand, a colleague would hold the key to somebody's account.
        return user.invited or bool(instance().settings.mail_from) or may_reset(who, post)
    if name in {"head", "member"}:
        return post.role != permissions.ADMIN and permissions.manages(who, _as_head(post))
    return True


def _as_head(post: Post) -> Post:
    return Post(post.role, post.unit_code, post.parent_code, post.province_code, head=True)


def manager() -> Identity:
    """Who asks, if they look after anybody at all."""
    who = require("user:manage")
    own = Post(who.role, who.unit_code)
    if not permissions.manages(who, own):
        abort(403)
    return who


def _found(who: Identity, user_id: int, *, hold: bool = False) -> tuple[User, Post]:
    """The account and its post; 404 for one of somebody else's people, as if there were none."""
    if user_id >= 1 << 31:
        abort(404)
    user = people.lock(user_id) if hold else people.by_id(user_id)
    if user is None:
        abort(404)
    post = posts.post_of(user, units.by_code(user.unit_code))
    if post is None and who.role in {permissions.ADMIN, permissions.CENTRAL_FRONT}:
        post = Post("", user.unit_code)  # role and unit contradict each other; it can still be switched off
    if post is None or not (permissions.manages(who, post) or post.unit_code == who.unit_code):
        abort(404)
    return user, post


def wrong_fields(who: Identity, values: dict[str, str], unit: Unit | None) -> dict[str, str]:
    """What is wrong with an invitation, by field: its words, and whether this person may give it."""
    errors: dict[str, str] = {}
    if len(values["email"]) > 200 or not _EMAIL.fullmatch(values["email"]):
        errors["email"] = _("Enter an e-mail address, such as name@province.gov.vn.")
    if not values["name"]:
        errors["name"] = _("Enter the post.")
    elif len(values["name"]) > 120:
        errors["name"] = _("Too long: at most %(count)s characters.", count=120)
    if values["unit"] and unit is None:
        errors["unit"] = _("No unit has this code.")
        return errors
    if unit is not None and unit.valid_to is not None and unit.valid_to < clock.today():
        errors["unit"] = _("This unit is no more.")
        return errors
    if not values["unit"] and who.role != permissions.ADMIN:
        errors["unit"] = _("Choose the unit.")
        return errors
    post = posts.post_in(posts.account_role_for(unit), unit, head=bool(values["head"]))
    if post is None or not permissions.manages(who, post):
        errors["unit"] = _("You cannot invite anybody to this post. Ask the office above.")
    return errors


def _sent(made: Any) -> Response:
    """What happens next; the link itself only where this instance can send no e-mail."""
    user = people.by_id(made.user_id)
    mailed = bool(instance().settings.mail_from)
    link = None if mailed else people.link_of(made)
    page = render_template("admin/invited.html", user=user, link=link, until=made.expires_at)
    return Response(page, 200, mimetype="text/html")


def state_of(user: User) -> str:
    """active, invited or off."""
    return posts.OFF if not user.active else posts.INVITED if user.invited else posts.ACTIVE


def form_page(
    who: Identity, values: dict[str, str], errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    """The form of an invitation, and below it that of a table of many."""
    near = posts.units_in_reach(who, CHOICES)
    choices = [(unit.code, unit.name_vi) for unit in near if _reaches(who, unit)]
    everybody = who.role in {permissions.ADMIN, permissions.CENTRAL_FRONT}
    page = render_template(
        "admin/invite.html",
        values=values,
        errors=errors or {},
        choices=[] if everybody else choices,
        may_admin=who.role == permissions.ADMIN,
        may_head=everybody or who.head or len(choices) > 1,
    )
    return Response(page, status, mimetype="text/html")


def _reaches(who: Identity, unit: Unit) -> bool:
    post = posts.post_in(posts.account_role_for(unit), unit, head=False)
    return post is not None and permissions.manages(who, post)


def _page(
    who: Identity,
    user: User,
    post: Post,
    errors: dict[str, str] | None = None,
    *,
    opened: str = "",
    status: int = 200,
) -> Response:
    work, much = people.open_work(user) if user.active else ([], 0)
    others = people.colleagues(user) if work else []
    page = render_template(
        "admin/person.html",
        user=user,
        unit=units.by_code(user.unit_code),
        state=state_of(user),
        states=account_labels.ACCOUNT_STATE,
        role=account_labels.POST.get(post.role),
        keys=len(passkeys.of(user)),
        work=[(one, in_language(one.category)) for one in work],
        work_more=much - len(work),
        may_open_work=who.unit_code == user.unit_code and allowed(who.role, "report:view"),
        colleagues=[(other.id, f"{other.name} ({other.email})") for other in others],
        to=request.form.get("to", "")[:20],
        may={name: _may(who, user, post, name) for name in ("off", "on", "reset", "link", "head", "member")},
        errors=errors or {},
        opened=opened,
        reason=request.form.get("reason", "")[:1000],
    )
    return Response(page, status, mimetype="text/html")


from webapp.pages.admin import people_tables  # noqa: E402, F401 - its routes belong here

"""`flask routing …`: who would be responsible and why; rules, deadlines and days off as files; versions."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from webapp.accounts import audit
from webapp.areas import queries as areas
from webapp.core import clock, events, sheets
from webapp.core.db import committing, reading
from webapp.pages import routing_words
from webapp.pages.admin import import_preview, rule_draft, rule_simulator, tables
from webapp.routing import checks, reference, rows, rulesets, trial
from webapp.routing.router import in_force, router

routing_cli = AppGroup("routing", help="Who is responsible: explain, rules, deadlines, days off.")
TABLES = click.Choice(["rules", *reference.TABLES])
FORMS = {".csv": sheets.CSV, ".xlsx": sheets.XLSX}
language = click.option("--lang", type=click.Choice(["en", "vi"]), default="en", help="Language of the words.")


@routing_cli.command("explain")
@click.option("--lat", type=float, required=True)
@click.option("--lon", type=float, required=True)
@click.option("--category", required=True)
@click.option("--at", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="Day, or day and time, in Vietnam.")
@click.option("--bypass", is_flag=True, help="No body of the commune may see it.")
@language
def explain_command(*, lat: float, lon: float, category: str, at: datetime | None, bypass: bool, lang: str) -> None:
    """Print the unit, the supervisor and the rule for a place, a category and a time, and how they were found."""
    moment = at.replace(tzinfo=clock.VIETNAM) if at else clock.now()
    if at and (at.hour, at.minute) == (0, 0):
        moment = moment.replace(hour=12)  # a day without a time: noon
    with reading(), force_locale(lang):
        commune = areas.locate(lon, lat, clock.local(moment).date())
        decider = router()
        code, province = (commune.code, commune.parent_code) if commune else (None, None)
        facts = decider.facts(category, code, province, moment, bypass_commune=bypass)
        told = rule_simulator.shown(decider, facts, rulesets.number())
        decision, names = told["decision"], told["names"]
        click.echo(f"commune     {f'{commune.code}  {commune.name}' if commune else 'none'}")
        for label, code in (
            ("unit", decision.unit_code),
            ("supervisor", decision.supervisor_code),
            ("lead", decision.lead_code),
        ):
            click.echo(f"{label:11} {f'{code}  {names.unit(code)}' if code else 'none'}")
        since = f", valid from {decision.rule_valid_from}" if decision.rule_valid_from else ""
        click.echo(f"why         {decision.why}: rule {decision.rule_code or 'none'}{since}")
        click.echo(f"rules       version {told['number']}; {told['others']} about other categories or places")
        for rule, _code, words in told["considered"]:
            click.echo(f"  {rule.priority:6} {rule.code:32} {words}")
        for line in told["looked"]:
            click.echo(f"looked for  {line}")


@routing_cli.command("check")
@language
def check_command(lang: str) -> None:
    """Print what is wrong with the rules in force. Exit status 1 if anything is an error."""
    with reading(), force_locale(lang):
        found = checks.findings(router().rules, trial.world())
        for one in found:
            click.echo(f"{one.level:8} {one.rule_code}: {routing_words.finding(trial.finding_data(one))}")
        for gap in trial.gaps(router(), clock.today()):
            why = gap.target or gap.why
            click.echo(f"gap      {gap.province_code}: {gap.communes} communes, {why}, {', '.join(gap.categories)}")
    if any(one.level == checks.ERROR for one in found):
        raise SystemExit(1)


@routing_cli.command("versions")
def versions_command() -> None:
    """Print the last 50 versions of the rule set."""
    with reading():
        for one in rulesets.versions()[:50]:
            added, changed, removed = one.changes
            when = clock.local(one.published_at) if one.published_at else None
            click.echo(
                f"{one.number:4} {when:%Y-%m-%d %H:%M} {one.origin:8} +{added} ~{changed} -{removed}  {one.note}"
            )


@routing_cli.command("restore")
@click.argument("number", type=int)
@click.option("--note", required=True, help="Why.")
def restore_command(number: int, note: str) -> None:
    """Put the rules in force as they were in version NUMBER, as a new version."""
    with committing():
        found = rulesets.version(number)
        if found is None:
            raise click.ClickException(f"there is no version {number}")
        made = rulesets.store(rulesets.rules_of(found), events.SYSTEM, note, rulesets.COMMAND)
    click.echo(f"version {made.number}" if made else "the rules in force are the same")


@routing_cli.command("export")
@click.argument("table", type=TABLES)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_command(table: str, file: Path) -> None:
    """Write rules, deadlines or days to FILE (.csv or .xlsx)."""
    form = _form(file)
    with committing():
        if table == "rules":
            columns, cells = rows.COLUMNS, [rows.as_cells(rule) for rule in in_force()]
        else:
            kind = reference.TABLES[table]
            columns = kind.columns
            cells = [reference.as_cells(kind, row) for row in reference.rows(kind, limit=sheets.MAX_ROWS)]
        done = "rules:exported" if table == "rules" else "reference:exported"
        audit.record(done, events.Actor("operator"), table, format=form, rows=len(cells))
        data = sheets.write(form, columns, cells, table)
    file.write_bytes(data)


@routing_cli.command("import")
@click.argument("table", type=TABLES)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--note", default="", help="Why; needed for rules.")
@click.option("--dry-run", is_flag=True, help="Only say what would change; not for rules, which have the simulator.")
def import_command(table: str, file: Path, note: str, *, dry_run: bool) -> None:
    """Take rules (the whole set), deadlines, days, hours or reminders (what differs) from FILE. All or nothing."""
    if table == "rules" and (not note or dry_run):
        raise click.UsageError("--note: say why the rules change; --dry-run is not for rules")
    with force_locale("en"), committing():
        try:
            click.echo(_import_rules(file.read_bytes(), note) if table == "rules" else _import(table, file, dry_run))
        except sheets.BadSheet as bad:
            raise click.ClickException(str(routing_words.SHEET_ERROR[bad.code])) from bad


def _import(table: str, file: Path, dry_run: bool) -> str:
    kind = reference.TABLES[table]
    plan, parsed = tables.planned(kind, import_preview.rows_of(file, tables.needed(kind), tables.MOST_ROWS))
    import_preview.tell(plan)
    return "" if dry_run else f"{reference.save_all(kind, parsed, events.SYSTEM)} rows changed"


def _import_rules(data: bytes, note: str) -> str:
    rules, wrong = rule_draft.read_rules(data)
    _refuse(wrong)
    changed = [new.code for _old, new in rows.compare(in_force(), rules) if new]
    found = checks.blocking(checks.findings(router().with_rules(rules).rules, trial.world()), changed)
    _refuse([f"{f.rule_code}: {routing_words.finding(trial.finding_data(f))}" for f in found])
    made: Any = rulesets.store(rules, events.SYSTEM, note, rulesets.COMMAND)
    return f"version {made.number} is in force" if made else "the rules in force are the same"


def _refuse(wrong: list[str]) -> None:
    if wrong:
        raise click.ClickException("\n".join(["nothing was taken:", *wrong[:50]]))


def _form(file: Path) -> str:
    form = FORMS.get(file.suffix.lower())
    if form is None:
        raise click.UsageError("FILE must end in .csv or .xlsx")
    return form

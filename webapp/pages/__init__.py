"""What each audience sees. One folder for each."""

from __future__ import annotations

from flask import Flask

from webapp.pages import access, errors, i18n, web


def init_app(app: Flask) -> None:
    """Add every page, and what is done around each request."""
    from webapp.pages.admin import audit, categories, checklists, people, reorganisations, rules, tables, units
    from webapp.pages.admin import views as admin
    from webapp.pages.api import health, open311, v1
    from webapp.pages.auth import entrance, invitation, oidc, security  # noqa: F401 - they add to their blueprints
    from webapp.pages.auth import views as auth
    from webapp.pages.desk import views as desk
    from webapp.pages.entry import views as entry
    from webapp.pages.public import cases, discovery, feeds, figures, follow, home, map, open_data, tiles
    from webapp.pages.public.tile_cache import TileCache
    from webapp.pages.resident import aftercare, pwa, report, statement, track
    from webapp.pages.unit import link as unit_link
    from webapp.pages.unit import views as unit
    from webapp.pages.unit import worker as unit_worker

    settings = app.extensions["dgs"].settings
    app.wsgi_app = TileCache(  # type: ignore[method-assign]
        app.wsgi_app, settings.tiles_kept_s, straight=tiles.straight(app)
    )
    i18n.init_app(app)
    web.init_app(app)
    access.init_app(app)
    errors.init_app(app)
    for blueprint in (
        home.bp,
        map.bp,
        cases.bp,
        figures.bp,
        report.bp,
        track.bp,
        pwa.bp,
        aftercare.bp,
        follow.bp,
        feeds.bp,
        discovery.bp,
        statement.bp,
        auth.bp,
        entrance.bp,
        desk.bp,
        entry.bp,
        unit.bp,
        unit_link.bp,
        unit_worker.bp,
        admin.bp,
        people.bp,
        audit.bp,
        rules.bp,
        tables.bp,
        categories.bp,
        checklists.bp,
        units.bp,
        reorganisations.bp,
        health.bp,
        open311.bp,
        open_data.bp,
        v1.bp,
    ):
        app.register_blueprint(blueprint)

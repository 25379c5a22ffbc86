# The same preparation as on any machine (scripts/prepare.py), then only its results.
FROM python:3.12-slim AS build
WORKDIR /app
COPY requirements/ requirements/
COPY package.json package-lock.json .npmrc ./
COPY scripts/ scripts/
# The translations come after the packages, so that a change of words does not install everything again.
RUN python scripts/prepare.py app && rm -rf var node_modules
COPY webapp/ webapp/
RUN python scripts/prepare.py app && rm -rf var

FROM python:3.12-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin dgs \
    && mkdir -p /data/instance /data/storage && chown -R dgs /data
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=build /app/.venv .venv
COPY --from=build /app/static/vendor static/vendor
COPY --from=build /app/webapp webapp
COPY geo/ geo/
COPY workers/ workers/
COPY static/ static/
COPY templates/ templates/
COPY scripts/gunicorn.conf.py scripts/
USER dgs
EXPOSE 8000
CMD ["gunicorn", "--config", "scripts/gunicorn.conf.py", "webapp:create_app()"]

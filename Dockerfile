# Python packages, from wheels alone, so that amd64 and arm64 need no compiler.
# EXTRAS: further files of requirements/, for example EXTRAS="mysql" for MariaDB and MySQL.
FROM python:3.11-slim AS packages
ARG EXTRAS=""
COPY requirements /build/requirements
RUN python -m venv /opt/venv
RUN for name in base ${EXTRAS}; do \
        /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
            --require-hashes --only-binary=:all: -r /build/requirements/$name.txt || exit 1; \
    done

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/app/data \
    LOG_DIR=/app/logs
RUN groupadd --gid 10001 gateway \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /app gateway
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY . /app
RUN python -m compileall -q /app \
    && install -d -o 10001 -g 10001 -m 700 /app/data /app/logs
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "/app/deploy/health.py"]
ENTRYPOINT ["/app/deploy/entrypoint.sh"]

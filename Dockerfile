# Two targets: a worker (`docker build .`, which has no demo in it) and the demo (`docker build --target demo .`).
# An image holds no secret; every setting comes from the environment.
FROM python:3.13-slim-bookworm AS packages
WORKDIR /build
COPY requirements.lock ./
# The lock's first section is what a worker runs on; then comes what the demo needs beside it, and what development does.
RUN sed '/^# The demo only/,$d' requirements.lock > run.lock \
    && python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r run.lock

FROM packages AS packages-of-demo
RUN sed -n '/^# The demo only/,/^# Development only/p' requirements.lock > demo.lock \
    && pip --python /venv/bin/python install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r demo.lock

FROM python:3.13-slim-bookworm AS code
WORKDIR /everytap
COPY main.py ./
COPY actors actors
COPY infra infra
# Compiled here, because the root file system may be read-only later: then only DATA_DIR is written to.
RUN python -m compileall -q --invalidation-mode unchecked-hash actors infra main.py \
    && mv infra/sandbox /sandbox

# What both are: the code of a worker and a user of its own.
FROM python:3.13-slim-bookworm AS everytap
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/everytap everytap
WORKDIR /everytap
COPY --from=code /everytap ./
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# By number: an orchestrator that lets nobody run as root cannot see who a name is.
USER 10001
STOPSIGNAL SIGTERM

# Its page, on a port of the container; all that it makes lies in /tmp and goes with it.
FROM everytap AS demo
COPY --from=packages-of-demo /venv /venv
COPY --from=code /sandbox infra/sandbox
EXPOSE 8100
CMD ["python", "main.py", "demo", "--host", "0.0.0.0", "--port", "8100", "--no-browser"]

# The last target is the one that is built when none is named.
FROM everytap AS worker
COPY --from=packages /venv /venv
ENV DATA_DIR=/var/lib/everytap \
    LOG_FORMAT=json \
    PORT=8080
VOLUME /var/lib/everytap
EXPOSE 8080
# Unhealthy within 26 s of a hang. The probe takes a tenth of a second; `main.py health` asks the same, with more around it.
HEALTHCHECK --interval=8s --timeout=5s --start-period=40s --retries=2 \
    CMD python -m infra.web.probe "$PORT" "$HOST"
CMD ["python", "main.py", "run"]

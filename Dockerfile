# One worker: `python main.py run`. The image holds no secret; every setting comes from the environment.
FROM python:3.13-slim-bookworm AS packages
WORKDIR /build
COPY requirements.lock ./
# The lock's first section is what a worker runs on; the second is for development.
RUN sed '/^# Development only/,$d' requirements.lock > run.lock \
    && python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r run.lock

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/everytap everytap
WORKDIR /everytap
COPY --from=packages /venv /venv
COPY main.py ./
COPY actors actors
COPY infra infra
# Compiled here, because the root file system may be read-only later: then only DATA_DIR is written to.
RUN /venv/bin/python -m compileall -q actors infra main.py
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/var/lib/everytap \
    LOG_FORMAT=json \
    PORT=8080
# By number: an orchestrator that lets nobody run as root cannot see who a name is.
USER 10001
VOLUME /var/lib/everytap
EXPOSE 8080
STOPSIGNAL SIGTERM
# Unhealthy within 26 s of a hang. The probe takes a tenth of a second; `main.py health` asks the same, with more around it.
HEALTHCHECK --interval=8s --timeout=5s --start-period=40s --retries=2 \
    CMD python -m infra.web.probe "$PORT" "$HOST"
CMD ["python", "main.py", "run"]

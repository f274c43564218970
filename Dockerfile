# A server for one model folder. This file has not been run where it was written: see docs/serve.md.
#
#   docker build -t bertolt .
#   docker run --rm --stop-timeout 30 -p 127.0.0.1:8000:8000 --read-only --tmpfs /tmp \
#       -v "$PWD/models/reviews:/models/reviews:ro" bertolt /models/reviews --read-only
FROM python:3.11-slim

ENV PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 HF_HOME=/tmp/huggingface
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
# The CPU build of torch is a tenth of the usual one.
RUN pip install --extra-index-url https://download.pytorch.org/whl/cpu -c constraints.txt '.[serve]' \
    && useradd --create-home --uid 10001 bertolt
USER bertolt
WORKDIR /home/bertolt
EXPOSE 8000
# /live, not /ready: a server that is busy must not be restarted.
HEALTHCHECK --start-period=60s CMD ["python", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/live', timeout=5)"]
ENTRYPOINT ["bertolt", "serve", "--host", "0.0.0.0"]

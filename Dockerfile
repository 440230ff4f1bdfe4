# One image for every part of a server installation; compose.yaml says which part a container runs.
FROM python:3.12-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/saulyq
COPY . .
# parts run as different users of one group; new volumes take these folders' owner and mode
RUN make setup && install -d -m 2770 -g 10000 /var/lib/saulyq /var/lib/saulyq/warehouse /var/lib/saulyq/images \
    /var/lib/saulyq/lake /var/lib/saulyq/lake/quality_result
ENV PATH=/srv/saulyq/.venv/bin:$PATH SAULYQ_HOME=/var/lib/saulyq SAULYQ_MODE=production SAULYQ_BIND=0.0.0.0
ENTRYPOINT ["saulyq"]

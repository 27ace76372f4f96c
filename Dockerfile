# dedup in a container. Build it in a checkout; run it on a folder that is mounted:
#
#   docker build -t dedup .
#   docker run --rm -v "$PWD/news:/data" dedup scan /data
#
# Kernels are compiled here for a kind of processor, not for the one this runs on: x86-64-v3 is every
# x86 server since 2015. For ARM: --build-arg CPU=generic
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY dedup ./dedup
RUN python -m venv /opt/dedup \
    && /opt/dedup/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt '.[html,feeds,warc]'

FROM python:3.13-slim
ARG CPU=x86-64-v3
ENV PATH=/opt/dedup/bin:$PATH \
    NUMBA_CACHE_DIR=/opt/dedup/kernels \
    NUMBA_CPU_NAME=$CPU \
    NUMBA_CPU_FEATURES=""
COPY --from=build /opt/dedup /opt/dedup
# Whoever the container runs as may add a kernel: Numba reads no folder that it cannot write to.
RUN useradd --uid 1000 --create-home dedup \
    && dedup warmup \
    && chmod -R a+rwX /opt/dedup/kernels
USER 1000
WORKDIR /data
ENTRYPOINT ["dedup"]
CMD ["--help"]

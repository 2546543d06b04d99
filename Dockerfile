# The images of the project: `docker build --target frontend .`, likewise backend and collector.
#
# Everything is compiled once and linked statically, so that each image is one program (and its files) and nothing else:
# no shell, no package manager, no library to update. docs/decisions/static-images.md has the reasons.

ARG RUST_IMAGE=rust:1.95.0-bookworm

FROM ${RUST_IMAGE} AS toolchain
ARG CARGO_CHEF_VERSION=0.1.78
ARG TRUNK_VERSION=0.21.14
# The version of the library in Cargo.lock; Trunk refuses another one.
ARG WASM_BINDGEN_VERSION=0.2.130
WORKDIR /src
RUN rustup target add wasm32-unknown-unknown
# Tools run a few seconds in all: not worth optimising. Registry and sources are shared between builds; `target` is not,
# because a shared one has been seen to hand an old program to a new image.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo install --debug --locked "cargo-chef@${CARGO_CHEF_VERSION}" "trunk@${TRUNK_VERSION}" && \
    cargo install --debug "wasm-bindgen-cli@${WASM_BINDGEN_VERSION}" && \
    rm -rf /tmp/cargo-install*

# What cargo-chef makes of the sources changes only when a dependency does, and with it the layers below.
FROM toolchain AS plan
COPY . .
RUN cargo chef prepare --recipe-path /recipe.json

FROM toolchain AS services
# For the target alone: the programs that run during the build stay as they are.
ENV RUSTFLAGS="-C target-feature=+crt-static"
COPY --from=plan /recipe.json /recipe.json
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo chef cook --release --locked --recipe-path /recipe.json --target "$(uname -m)-unknown-linux-gnu" \
      --package backend --package collector --package frontend-server
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo build --release --locked --target "$(uname -m)-unknown-linux-gnu" \
      --package backend --package collector --package frontend-server && \
    mkdir /programs && \
    for program in backend collector frontend-server; do \
      strip -o "/programs/$program" "target/$(uname -m)-unknown-linux-gnu/release/$program"; \
    done

FROM toolchain AS page
COPY --from=plan /recipe.json /recipe.json
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo chef cook --profile wasm-release --locked --recipe-path /recipe.json --target wasm32-unknown-unknown \
      --package frontend && \
    cargo chef cook --locked --recipe-path /recipe.json --package frontend-splitter
COPY . .
WORKDIR /src/frontend
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    trunk build --release --offline --cargo-profile wasm-release --dist /dist
COPY --from=services /programs/frontend-server /usr/local/bin/frontend-server
RUN frontend-server precompress /dist

# The books: `download` fetches and verifies them, a folder of the build context (such as `corpus`) is copied and verified,
# `sample` leaves them out, and `auto` downloads them or, where that cannot be done, warns and leaves them out. Their index
# is built here, so that a start opens it and needs nothing to write to.
FROM services AS corpus
ARG CORPUS=auto
ENV XDG_CACHE_HOME=/corpus/var/cache
RUN --mount=type=bind,target=/context \
    books="$XDG_CACHE_HOME/gutenberg-explorer/corpus" && mkdir -p "$XDG_CACHE_HOME" && \
    case "$CORPUS" in \
      sample) ;; \
      download) /programs/backend fetch-corpus ;; \
      auto) /programs/backend fetch-corpus || \
        echo "WARNING: the books cannot be downloaded here; this image serves the sample" >&2 ;; \
      *) mkdir -p "$books" && cp "/context/$CORPUS"/*.txt "$books" && \
        /programs/backend verify-corpus --corpus-dir "$books" ;; \
    esac && \
    /programs/backend build-index

FROM scratch AS service
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
USER 65532:65532

FROM service AS backend
LABEL org.opencontainers.image.title="Gutenberg Explorer: backend" \
      org.opencontainers.image.description="Full-text search over Project Gutenberg books, traced to the posting list."
COPY --from=services /programs/backend /backend
COPY --from=corpus /corpus/ /
# Told nothing, glibc keeps what indexing took at the start, which is as much again as a running backend needs.
ENV BACKEND_LISTEN=0.0.0.0:8000 XDG_CACHE_HOME=/var/cache INDEX_DIR=/var/cache/gutenberg-explorer/index \
    MALLOC_TRIM_THRESHOLD_=131072
EXPOSE 8000
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s CMD ["/backend", "healthcheck"]
ENTRYPOINT ["/backend"]

FROM service AS frontend
LABEL org.opencontainers.image.title="Gutenberg Explorer: frontend" \
      org.opencontainers.image.description="The page, and a proxy that puts API, telemetry and traces on its origin."
COPY --from=services /programs/frontend-server /frontend-server
COPY --from=page /dist /dist
ENV FRONTEND_LISTEN=0.0.0.0:3000 FRONTEND_DIST=/dist
EXPOSE 3000
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s CMD ["/frontend-server", "healthcheck"]
ENTRYPOINT ["/frontend-server"]

FROM service AS collector
LABEL org.opencontainers.image.title="Gutenberg Explorer: collector" \
      org.opencontainers.image.description="OTLP in, the newest traces in bounded memory, Jaeger's query API out."
COPY --from=services /programs/collector /collector
ENV COLLECTOR_OTLP_GRPC=0.0.0.0:4317 COLLECTOR_OTLP_HTTP=0.0.0.0:4318 COLLECTOR_QUERY=0.0.0.0:4319
EXPOSE 4317 4318 4319
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s CMD ["/collector", "healthcheck"]
ENTRYPOINT ["/collector"]

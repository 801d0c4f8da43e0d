# syntax=docker/dockerfile:1
# The image of the adapter: Node.js, the bundle, licences, nothing else.
#
#   docker build --tag <registry>/prom-metrics-adapter:0.1.0 .
#
# For images that are the same bit by bit pin both bases by digest (--build-arg NODE_IMAGE=...@sha256:...)
# and set SOURCE_DATE_EPOCH with BuildKit's rewrite-timestamp. The packages are those of
# package-lock.json, verified by its checksums.
ARG NODE_IMAGE=node:24-trixie-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

FROM ${NODE_IMAGE} AS build
WORKDIR /src
# Packages change less often than the source: this layer is kept until they do.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts/build.ts scripts/
COPY config/schema.json config/
COPY src/ src/
RUN node scripts/build.ts && find dist -name '*.map' -delete

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=""
LABEL org.opencontainers.image.title="prom-metrics-adapter" \
      org.opencontainers.image.description="Serves Prometheus metrics as the custom, external and resource metrics APIs of Kubernetes" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
COPY LICENSE package.json ./
COPY --from=build /src/dist/ dist/
# Few heaps of the C library and a small young generation: both grow with a burst and stay large. One
# helper thread for V8: on few processors, more of them keep the program waiting. No Maglev, V8's
# middle compiler: 10 MiB less, and no slower (docs/performance.md). The heap is at most half of the
# container's memory limit: by default it may be larger than that, and the process is ended for lack of
# memory before garbage is collected.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
# By number, so that Kubernetes can tell that it is not root. Nothing of the image belongs to it.
USER 10001:10001
EXPOSE 6443
ENTRYPOINT ["/nodejs/bin/node", "--disable-sigusr1", "--max-old-space-size-percentage=50", "--max-semi-space-size=8", "--v8-pool-size=1", "--no-maglev", "/app/dist/main.js"]

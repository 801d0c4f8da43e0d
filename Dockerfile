# syntax=docker/dockerfile:1
# The image of the adapter: Node.js, the bundle and licenses.
#
#   docker build --tag <registry>/prom-metrics-adapter:0.1.0 .
#
# For reproducible images, pin both base images by digest (--build-arg NODE_IMAGE=...@sha256:...), and set
# SOURCE_DATE_EPOCH with the option rewrite-timestamp of BuildKit. package-lock.json pins the packages with
# checksums.
ARG NODE_IMAGE=node:24-trixie-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

FROM ${NODE_IMAGE} AS build
WORKDIR /src
# Packages change less often than the source, so this layer is cached.
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
# Few malloc arenas and a small young generation: both grow with a burst of requests and stay large. One
# helper thread for V8: with few processors, more threads delay the main thread. No Maglev compiler: it needs 10 MiB
# more and is not faster (docs/performance.md). The heap is limited to half of the memory limit of the
# container: with the default, the process can exceed the memory limit before garbage is collected.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
# A numeric user, so that Kubernetes can verify runAsNonRoot. It owns no files of the image.
USER 10001:10001
EXPOSE 6443
ENTRYPOINT ["/nodejs/bin/node", "--disable-sigusr1", "--max-old-space-size-percentage=50", "--max-semi-space-size=8", "--v8-pool-size=1", "--no-maglev", "/app/dist/main.js"]

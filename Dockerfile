# The API server; the mail worker is the same image with the command `node --max-semi-space-size=4 --heap-growing-percent=40 dist/worker.js`.
# Settings come from the environment: docs/operating.md.

FROM node:24.21.0-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json ./

# --no-workspaces: what npm start has with it on a developer's machine (PostgreSQL, Node.js) is packages/embedded.
FROM base AS build
RUN npm ci --ignore-scripts --no-workspaces --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY locales locales
COPY src src
# The types are for who compiles against them: the tests.
RUN npm run build && find dist -name '*.d.ts' -delete -o -name .tsbuildinfo -delete

FROM base AS dependencies
# What builds is in devDependencies. Not --omit=optional: the native part of argon2 is an optional package.
RUN npm ci --ignore-scripts --omit=dev --no-workspaces --no-audit --no-fund

FROM base
# One port for either program, so that one health check fits both.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 WORKER_PORT=4000
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/dist-web dist-web
COPY migrations migrations
COPY locales locales
COPY templates templates
COPY public public
COPY schema.graphql LICENSE ./
# The user `node` of the base image, by number: Kubernetes' runAsNonRoot does not know names.
USER 1000:1000
EXPOSE 4000
# Whichever program it is, and whichever of the two ports was set anew.
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s CMD node -e "\
  const livez = (port) => fetch('http://127.0.0.1:' + port + '/livez'); \
  Promise.any([process.env.PORT, process.env.WORKER_PORT].map(livez)).then(({ ok }) => process.exit(ok ? 0 : 1))"
CMD ["node", "--max-semi-space-size=4", "--heap-growing-percent=40", "dist/server.js"]

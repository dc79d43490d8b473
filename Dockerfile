FROM node:24-slim

# git does all the work on kernel-size objects; ssh is for ssh remotes.
RUN apt-get update \
 && apt-get install -y --no-install-recommends git openssh-client ca-certificates \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY tsconfig.json openapi.json ./
COPY bin bin
COPY src src
COPY docs docs

RUN mkdir /data && chown node:node /data
USER node
ENV BACKPORTD_DATA=/data
VOLUME /data

HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.BACKPORTD_PORT ?? 8080}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

CMD ["npm", "start"]

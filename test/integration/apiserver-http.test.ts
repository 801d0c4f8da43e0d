import { connect } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { peerCertificates } from '../../src/apiserver/authentication/peer-certificates.ts';
import { anonymous } from '../../src/apiserver/authentication/user-info.ts';
import {
  anonymousAccess,
  type RequestAccess,
} from '../../src/apiserver/authorization/request-access.ts';
import {
  type ApiserverHost,
  catalogOf,
  customPath,
  externalPath,
  getHttp2,
  type HostSettings,
  podLoad,
  queueDepth,
  type Received,
  startForTest as start,
} from './apiserver-host.ts';
import { createAuthority, createClientCertificate } from './certificates.ts';

describe('representations', () => {
  it('are JSON, YAML and protobuf, of one object', async () => {
    const { send } = await start();
    const json = await send('GET', externalPath, { accept: '*/*' });
    const yaml = await send('GET', externalPath, { accept: 'application/yaml' });
    const protobuf = await send('GET', externalPath, {
      accept: 'application/vnd.kubernetes.protobuf, */*',
    });
    expect(json.headers['content-type']).toBe('application/json');
    expect(load(yaml.body.toString())).toEqual(JSON.parse(json.body.toString()));
    expect(yaml.body.toString()).toContain('queue: "on"');
    expect(protobuf.headers['content-type']).toBe('application/vnd.kubernetes.protobuf');
    expect(protobuf.body.subarray(0, 4).toString('latin1')).toBe('k8s\0');
    expect(json.headers).toMatchObject({
      'cache-control': 'no-cache, private',
      'x-content-type-options': 'nosniff',
      vary: 'Accept',
    });
  });

  it('are indented on request', async () => {
    const { send } = await start();
    const bytes = async (path: string, agent = 'kube-controller-manager') =>
      (await send('GET', path, { 'user-agent': agent })).body.toString();
    expect(await bytes(customPath)).not.toContain('\n');
    expect(await bytes(`${customPath}?pretty=1`)).toContain('\n  "kind"');
    expect(await bytes(customPath, 'curl/8.5.0')).toContain('\n  "kind"');
    expect(await bytes(`${customPath}?pretty=false`, 'curl/8.5.0')).not.toContain('\n');
  });

  it('have errors in the format that the client accepts', async () => {
    const { send } = await start();
    const path = '/apis/custom.metrics.k8s.io/v1';
    const yaml = await send('GET', path, { accept: 'application/yaml' });
    expect(yaml.status).toBe(404);
    expect(load(yaml.body.toString())).toMatchObject({ kind: 'Status', reason: 'NotFound' });
    const refused = await send('GET', customPath, { accept: 'text/html' });
    expect(refused.status).toBe(406);
    expect(JSON.parse(refused.body.toString())).toMatchObject({ reason: 'NotAcceptable' });
  });
});

describe('compression', () => {
  const many = async () => Array.from({ length: 3_000 }, () => queueDepth);

  it('is for large responses, if the client accepts it', async () => {
    const { send } = await start({ external: many });
    const plain = await send('GET', externalPath);
    const gzipped = await send('GET', externalPath, { 'accept-encoding': 'br, gzip' });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.headers.vary).toBe('Accept, Accept-Encoding');
    expect(gzipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: plain.headers.vary });
    expect(gunzipSync(gzipped.body).equals(plain.body)).toBe(true);
    const unwanted = await send('GET', externalPath, { 'accept-encoding': 'gzip;q=0' });
    expect(unwanted.body.equals(plain.body)).toBe(true);
    const small = await send('GET', customPath, { 'accept-encoding': 'gzip' });
    expect(small.headers['content-encoding']).toBeUndefined();
  });
});

describe('aggregated discovery', () => {
  const accept = (version: string) =>
    `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

  it.each(['v2', 'v2beta1'])('%s lists the metrics as subresources', async (version) => {
    const { send } = await start();
    const received = await send('GET', '/apis', { accept: `${accept(version)},application/json` });
    expect(received.headers['content-type']).toBe(accept(version));
    expect(received.headers.vary).toBe('Accept');
    const group = 'custom.metrics.k8s.io';
    const custom = (each: string) => ({
      version: each,
      resources: [
        {
          resource: 'pods',
          responseKind: { group: '', version: '', kind: '' },
          scope: 'Namespaced',
          singularResource: '',
          verbs: [],
          subresources: [
            {
              subresource: 'load',
              responseKind: { group, version: each, kind: 'MetricValueList' },
              verbs: ['get'],
            },
          ],
        },
      ],
      freshness: 'Current',
    });
    expect(JSON.parse(received.body.toString())).toEqual({
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
      items: [
        {
          metadata: { name: group, creationTimestamp: null },
          versions: [custom('v1beta2'), custom('v1beta1')],
        },
        {
          metadata: { name: 'external.metrics.k8s.io', creationTimestamp: null },
          versions: [
            {
              version: 'v1beta1',
              resources: [
                {
                  resource: 'depth',
                  responseKind: {
                    group: 'external.metrics.k8s.io',
                    version: 'v1beta1',
                    kind: 'ExternalMetricValueList',
                  },
                  scope: 'Namespaced',
                  singularResource: '',
                  verbs: ['get'],
                },
              ],
              freshness: 'Current',
            },
          ],
        },
      ],
    });
  });

  it('is not sent again to a client that has it, until it changes', async () => {
    let catalog = await catalogOf(['load'], []);
    const { send } = await start({ catalog: () => catalog });
    const first = await send('GET', '/apis', { accept: accept('v2') });
    const etag = String(first.headers.etag);
    const headers = { accept: accept('v2'), 'if-none-match': etag };
    const second = await send('GET', '/apis', headers);
    expect(second).toMatchObject({ status: 304, headers: { etag, vary: 'Accept' } });
    expect(second.body).toHaveLength(0);
    catalog = await catalogOf(['load', 'more'], []);
    const third = await send('GET', '/apis', headers);
    expect(third.status).toBe(200);
    expect(third.body.toString()).toContain('"more"');
  });
});

describe('OpenAPI', () => {
  it('has an index with URLs of cacheable documents', async () => {
    const { send } = await start();
    const index = JSON.parse((await send('GET', '/openapi/v3')).body.toString());
    expect(Object.keys(index.paths)).toEqual([
      'apis',
      'apis/custom.metrics.k8s.io',
      'apis/external.metrics.k8s.io',
      'apis/custom.metrics.k8s.io/v1beta2',
      'apis/custom.metrics.k8s.io/v1beta1',
      'apis/external.metrics.k8s.io/v1beta1',
      'version',
    ]);
    for (const { serverRelativeURL } of Object.values<{ serverRelativeURL: string }>(index.paths)) {
      const { status, headers } = await send('GET', serverRelativeURL);
      expect({ status, cache: headers['cache-control'] }).toEqual({
        status: 200,
        cache: 'public, immutable, max-age=31536000',
      });
      const [path = ''] = serverRelativeURL.split('?');
      const moved = await send('GET', `${path}?hash=OLD`);
      expect(moved).toMatchObject({ status: 301, headers: { location: serverRelativeURL } });
    }
    const unknown = await send('GET', '/openapi/v3/apis/apps/v1');
    expect(unknown.status).toBe(404);
  });

  it('is JSON only', async () => {
    const { send } = await start();
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
    expect((await send('GET', '/openapi/v2', { accept })).status).toBe(406);
    const v2 = await send('GET', '/openapi/v2', { accept: `${accept},application/json` });
    expect(JSON.parse(v2.body.toString())).toMatchObject({ swagger: '2.0' });
    const again = await send('GET', '/openapi/v2', { 'if-none-match': String(v2.headers.etag) });
    expect(again.status).toBe(304);
  });
});

describe('health', () => {
  it('names the failed check, and excludes checks on request', async () => {
    const { send } = await start({ failing: 'nothing is listed' });
    const text = async (path: string) => (await send('GET', path)).body.toString();
    expect(await send('GET', '/readyz')).toMatchObject({ status: 500 });
    expect(await text('/readyz')).toBe(
      '[+]ping ok\n[-]relist failed: nothing is listed\nreadyz check failed\n',
    );
    expect(await text('/readyz?exclude=relist')).toBe('ok');
    expect(await text('/readyz?exclude=relist&exclude=nope&verbose')).toBe(
      '[+]ping ok\n[+]relist excluded: ok\nwarn: some health checks cannot be excluded: no matches for "nope"\nreadyz check passed\n',
    );
    expect(await send('GET', '/readyz/relist')).toMatchObject({ status: 500 });
    expect(await text('/livez/ping')).toBe('ok');
    expect(await send('POST', '/livez')).toMatchObject({ status: 405 });
    const head = await send('HEAD', '/livez');
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': '2' } });
    expect(head.body).toHaveLength(0);
  });
});

describe('headers', () => {
  it('have the ID of the request, taken from the client if it is valid', async () => {
    const { send } = await start();
    const idFor = async (headers: Record<string, string>) =>
      (await send('GET', '/version', headers)).headers['audit-id'];
    expect(await idFor({ 'audit-id': 'b8f0c2a4-1' })).toBe('b8f0c2a4-1');
    const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    expect(await idFor({})).toMatch(uuid);
    expect(await idFor({ 'audit-id': 'two words' })).toMatch(uuid);
    expect(await idFor({ 'audit-id': 'x'.repeat(65) })).toMatch(uuid);
  });

  it('close the connection during a shutdown', async () => {
    const ending = { now: false };
    const { send } = await start({ isShuttingDown: () => ending.now });
    expect((await send('GET', '/version', { connection: 'keep-alive' })).headers.connection).toBe(
      'keep-alive',
    );
    ending.now = true;
    expect((await send('GET', '/version', { connection: 'keep-alive' })).headers.connection).toBe(
      'close',
    );
  });
});

describe('limits', () => {
  it('reject requests above the limit in flight, except for health checks', async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const custom = async () => {
      entered.resolve();
      await gate.promise;
      return [podLoad];
    };
    const { send } = await start({ custom, limits: { inFlight: 1, timeout: 60_000 } });
    const first = send('GET', customPath);
    await entered.promise;
    const second = await send('GET', customPath);
    expect(second).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    expect(JSON.parse(second.body.toString())).toMatchObject({
      kind: 'Status',
      reason: 'TooManyRequests',
      details: { retryAfterSeconds: 1 },
    });
    expect((await send('GET', '/livez')).status).toBe(200);
    gate.resolve();
    expect((await first).status).toBe(200);
    expect((await send('GET', customPath)).status).toBe(200);
  });

  it.each(['?timeout=20ms', ''])('end a request %s in time, and what it does', async (query) => {
    const { custom, aborted } = endlessMetric();
    const timeout = query === '' ? 20 : 60_000;
    const { send } = await start({ custom, limits: { inFlight: 400, timeout } });
    const received = await send('GET', `${customPath}${query}`);
    await aborted;
    expect(received.status).toBe(504);
    expect(JSON.parse(received.body.toString())).toMatchObject({
      kind: 'Status',
      reason: 'Timeout',
      message: 'Timeout: request did not complete within the allotted timeout',
    });
  });

  it('reject an invalid duration', async () => {
    const { send } = await start();
    const received = await send('GET', `${customPath}?timeout=soon`);
    expect(received.status).toBe(400);
    expect(received.body.toString()).toContain('expected a duration such as 30s');
  });

  it('cancel requests of a client that has disconnected', async () => {
    const { custom, entered, aborted } = endlessMetric();
    const { port, ca, answered } = await start({ custom });
    const sent = httpsRequest({ host: '127.0.0.1', port, ca, path: customPath });
    sent.on('error', () => undefined);
    sent.end();
    await entered;
    sent.destroy();
    await aborted;
    expect(answered.map(({ code }) => code)).toEqual([499]);
  });

  it('reject large bodies, and read only those that are needed', async () => {
    const { send } = await start();
    const large = send('POST', customPath, {}, Buffer.alloc(4 * 1024 * 1024));
    expect(await statusOrHungUp(large)).toBeOneOf([413, 'hung up']);
    const small = await send('POST', customPath, {}, Buffer.alloc(1024));
    expect(small.status).toBe(405);
  });

  it('reports the API group of a request for a resource if it is served', async () => {
    const { send, answered } = await start();
    const paths = ['/healthz', '/apis/custom.metrics.k8s.io', customPath, '/apis/other/v1/pods'];
    for (const path of paths) await send('GET', path);
    expect(answered.map(({ servedGroup }) => servedGroup)).toEqual([
      undefined,
      undefined,
      'custom.metrics.k8s.io',
      undefined,
    ]);
  });

  it('reject large headers', async () => {
    const { send, answered } = await start();
    const groups = await send('GET', '/version', { 'x-remote-group': 'g'.repeat(60_000) });
    expect(groups.status).toBe(200);
    const tooMany = send('GET', '/version', { 'x-remote-group': 'g'.repeat(80_000) });
    expect(await statusOrHungUp(tooMany)).toBeOneOf([431, 'hung up']);
    expect(answered).toHaveLength(1);
  });
});

describe('HTTP/2', () => {
  it('is offered, unless it is disabled', async () => {
    const negotiated = async ({ port, ca }: ApiserverHost) => {
      const socket = connectTls({ host: '127.0.0.1', port, ca, ALPNProtocols: ['h2', 'http/1.1'] });
      await new Promise((resolve) => socket.once('secureConnect', resolve));
      const protocol = socket.alpnProtocol;
      socket.destroy();
      return protocol;
    };
    expect(await negotiated(await start())).toBe('h2');
    // Without ALPN of its own, Node.js's server names HTTP/1.1.
    expect(await negotiated(await start({ http2: undefined }))).toBe('http/1.1');
  });

  it('answers as HTTP/1.1 does', async () => {
    const { send, connect } = await start();
    const session = connect();
    const paths = [customPath, '/apis', '/readyz', '/nope', `${customPath}?timeout=x`];
    for (const path of paths) {
      const one = await send('GET', path, { accept: 'application/json' });
      const two = await getHttp2(session, path, { accept: 'application/json' });
      expect(two.status).toBe(one.status);
      expect(two.body.equals(one.body)).toBe(true);
      expect(two.headers['content-type']).toBe(one.headers['content-type']);
    }
    const head = await getHttp2(session, '/livez', { ':method': 'HEAD' });
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': '2' } });
    session.close();
  });

  it('answers a thousand requests at once on one connection, large ones too', async () => {
    const large = Array.from({ length: 150 }, (_, i) => ({
      ...queueDepth,
      metricLabels: { i: String(i) },
    }));
    const { connect, answered } = await start({ external: async () => large });
    const session = connect();
    const all = await Promise.all(
      Array.from({ length: 1000 }, () => getHttp2(session, externalPath)),
    );
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
    for (const { body } of all) expect(JSON.parse(body.toString()).items).toHaveLength(150);
    await expect.poll(() => answered.length).toBe(1000);
    session.close();
  }, 90_000);

  it('cancels the requests that a client cancels', async () => {
    const { custom, entered, aborted } = endlessMetric();
    const { connect, answered } = await start({ custom });
    const session = connect();
    const stream = session.request({ ':path': customPath });
    stream.on('error', () => undefined);
    await entered;
    stream.close(8);
    await aborted;
    expect((await getHttp2(session, '/version')).status).toBe(200);
    await expect.poll(() => answered.map(({ code }) => code)).toEqual([499, 200]);
    session.close();
  });

  it('closes connections whose client only opens and cancels streams', async () => {
    const { port, ca, send } = await start();
    const socket = connectTls({ host: '127.0.0.1', port, ca, ALPNProtocols: ['h2'] });
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.resume();
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    socket.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
    socket.write(frame(SETTINGS, 0, 0, Buffer.alloc(0)));
    for (let stream = 1; stream < 20_000 && socket.writable; stream += 2) {
      // END_STREAM and END_HEADERS; GET, https, /, authority "a".
      const opened = frame(
        HEADERS,
        0x05,
        stream,
        Buffer.from([0x82, 0x87, 0x84, 0x01, 0x01, 0x61]),
      );
      const cancelled = frame(RST_STREAM, 0, stream, Buffer.from([0, 0, 0, 8]));
      socket.write(Buffer.concat([opened, cancelled]));
    }
    await closed;
    expect((await send('GET', '/version')).status).toBe(200);
  });

  it('accepts a user with a thousand groups', async () => {
    const { connect } = await start();
    const session = connect();
    const groups = Array.from({ length: 1000 }, (_, i) => `team-${i}`);
    const received = await new Promise<number>((resolve, reject) => {
      const stream = session.request({ ':path': '/version', 'x-remote-group': groups });
      stream.once('response', ({ ':status': status = 0 }) => resolve(status));
      stream.once('error', reject);
      stream.resume();
    });
    expect(received).toBe(200);
    session.close();
  });
});

describe('the client', () => {
  it.each(['HTTP/1.1', 'HTTP/2'])(
    'is identified by certificate and headers with %s',
    async (version) => {
      const seen: unknown[] = [];
      const access: RequestAccess = {
        ...anonymousAccess,
        async authenticate(origin) {
          const peer = peerCertificates(origin);
          const again = peerCertificates(origin);
          seen.push([peer?.leaf.subject.commonName, again === peer]);
          seen.push(origin.headersDistinct['x-remote-group']);
          return { method: 'anonymous', user: anonymous };
        },
      };
      const { port, ca } = await start({ access });
      const client = await createClientCertificate(await createAuthority('clients'), 'proxy');
      const options = { host: '127.0.0.1', port, ca, ...client };
      const headers = { 'x-remote-group': ['a', 'b, c'] };
      if (version === 'HTTP/2') {
        const session = connect(`https://127.0.0.1:${port}`, options);
        const stream = session.request({ ':path': '/version', ...headers });
        stream.resume();
        await new Promise((resolve) => stream.once('close', resolve));
        session.close();
      } else {
        await new Promise((resolve) => {
          httpsRequest({ ...options, path: '/version', headers, agent: false }, resolve).end();
        });
      }
      expect(seen).toEqual([
        ['proxy', true],
        ['a', 'b, c'],
      ]);
    },
  );
});

describe('the shutdown of the server', () => {
  it('waits for requests in progress, of both protocols, and accepts no more', async () => {
    const gate = Promise.withResolvers<void>();
    let running = 0;
    const both = Promise.withResolvers<void>();
    const custom = async () => {
      running += 1;
      if (running === 2) both.resolve();
      await gate.promise;
      return [podLoad];
    };
    const host = await start({ custom });
    const session = host.connect();
    const requests = [host.send('GET', customPath), getHttp2(session, customPath)];
    await both.promise;
    const closed = host.close(10_000);
    await expect(host.send('GET', '/version')).rejects.toThrow('ECONNREFUSED');
    gate.resolve();
    for (const { status } of await Promise.all(requests)) expect(status).toBe(200);
    await closed;
  });

  it('does not wait longer than its limit', async () => {
    const entered = Promise.withResolvers<void>();
    const custom = () => {
      entered.resolve();
      return new Promise<never>(() => undefined);
    };
    const host = await start({ custom });
    const request = host.send('GET', customPath);
    const outcome = expect(request).rejects.toThrow();
    await entered.promise;
    await host.close(20);
    await outcome;
  });
});

/** A metric whose value never arrives, with promises for its request and for its cancellation. */
function endlessMetric() {
  const entered = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const custom: HostSettings['custom'] = ({ signal }) =>
    new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        aborted.resolve();
        reject(new Error('aborted'));
      });
      entered.resolve();
    });
  return { custom, entered: entered.promise, aborted: aborted.promise };
}

/** Of a server that hangs up: whether its answer is read before that is up to the network. */
function statusOrHungUp(received: Promise<Received>): Promise<number | string> {
  return received.then(
    ({ status }) => status,
    (error: unknown) => (/ECONNRESET|EPIPE|hang up/.test(String(error)) ? 'hung up' : `${error}`),
  );
}

const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;

/** A frame of HTTP/2 (RFC 9113, 4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

import { createPrivateKey, createSign, generateKeyPairSync } from 'node:crypto';
import { connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
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
  externalPath,
  getHttp2,
  type HostSettings,
  startForTest as start,
} from './apiserver-host.ts';

/** As many requests as may be served at once. */
const PLACES = 5;
const identity = { method: 'anonymous', user: anonymous } as const;
const limits = { inFlight: PLACES, timeout: 60_000 };

describe('clients that try to occupy all places', () => {
  /** Opens a stream for each place, and waits for the answers to begin. */
  async function fill(
    host: ApiserverHost,
    headers: OutgoingHttpHeaders,
    { endStream, initialWindowSize }: { endStream: boolean; initialWindowSize: number },
  ): Promise<{ readonly codes: unknown[]; readonly end: () => void }> {
    const { port, ca } = host;
    const session = connectHttp2(`https://127.0.0.1:${port}`, {
      ca,
      settings: { initialWindowSize },
    });
    const codes = Array.from({ length: PLACES }, () => {
      const stream = session.request(headers, { endStream });
      stream.on('error', () => undefined).resume();
      return new Promise((resolve) =>
        stream.once('response', (fields) => resolve(fields[':status'])),
      );
    });
    return { codes: await Promise.all(codes), end: () => session.destroy() };
  }

  it('get none with requests that never end', async () => {
    const host = await start({ limits });
    const headers = { ':method': 'POST', ':path': '/version' };
    const settings = { endStream: false, initialWindowSize: 65_535 };
    const { codes, end } = await fill(host, headers, settings);
    expect(codes).toEqual(Array(PLACES).fill(405));
    expect((await host.send('GET', '/version')).status).toBe(200);
    end();
  });

  it('keep them while they do not read their answers over HTTP/2', async () => {
    const host = await start({ limits });
    const settings = { endStream: true, initialWindowSize: 0 };
    const { codes, end } = await fill(host, { ':path': '/version' }, settings);
    expect(codes).toEqual(Array(PLACES).fill(200));
    expect((await host.send('GET', '/version')).status).toBe(429);
    end();
    await expect.poll(async () => (await host.send('GET', '/version')).status).toBe(200);
  });

  it('keep them while they do not read their answers over HTTP/1.1', async () => {
    const names = Array.from({ length: 40_000 }, (_, i) => `a_metric_with_a_long_name_${i}`);
    const catalog = await catalogOf(names, []);
    const host = await start({ limits, catalog: () => catalog });
    const target = '/apis/custom.metrics.k8s.io/v1beta2';
    const sockets = await Promise.all(
      Array.from({ length: PLACES }, async () => {
        const socket = await open(host);
        socket.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
        await new Promise((resolve) => socket.once('readable', resolve));
        return socket;
      }),
    );
    expect((await host.send('GET', '/version')).status).toBe(429);
    expect(host.answered).toHaveLength(1);
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await host.send('GET', '/version')).status).toBe(200);
  });

  it('keep their slots while they are processed, also when the client has disconnected', async () => {
    const review = Promise.withResolvers<void>();
    let reviews = 0;
    const access: RequestAccess = {
      ...anonymousAccess,
      authenticate: async (_, { onWait }) => {
        onWait();
        reviews += 1;
        await review.promise;
        return identity;
      },
    };
    const host = await start({ limits, access });
    for (let i = 0; i < PLACES; i += 1) {
      const socket = await open(host);
      socket.write('GET /version HTTP/1.1\r\nHost: a\r\n\r\n');
      await expect.poll(() => reviews).toBe(i + 1);
      socket.destroy();
      await expect.poll(() => host.answered.length).toBe(i + 1);
    }
    const refused = await host.send('GET', '/version');
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('1');
    review.resolve();
    await expect.poll(async () => (await host.send('GET', '/version')).status).toBe(200);
    expect(reviews).toBe(PLACES + 1);
  });
});

describe('a connection of HTTP/2', () => {
  it('whose client sends endless headers is closed', async () => {
    const host = await start({ http2: { maxStreams: 250, idleTimeoutMs: 200 } });
    const socket = await open(host, ['h2']);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    // SETTINGS, and the first byte of the HEADERS of stream 1, without END_HEADERS.
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    socket.write(Buffer.from([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82]));
    await closed;
    expect(host.answered).toEqual([]);
  });

  it('stays open after streams that its client ends with an error', async () => {
    const entered = Promise.withResolvers<void>();
    const external: HostSettings['external'] = ({ signal }) => {
      entered.resolve();
      return new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason)),
      );
    };
    const host = await start({ external });
    const session = host.connect();
    const stream = session.request({ ':path': externalPath });
    stream.on('error', () => undefined);
    await entered.promise;
    // INTERNAL_ERROR, which Node.js has as an 'error' of the server's stream; CANCEL it has not.
    stream.close(2);
    await expect.poll(() => host.answered.map(({ code }) => code)).toEqual([499]);
    expect((await getHttp2(session, '/version')).status).toBe(200);
    session.close();
  });
});

describe('work that never ends', () => {
  it('loses its place at the request timeout', async () => {
    const external = () => new Promise<never>(() => undefined);
    const host = await start({ external, limits: { inFlight: 1, timeout: 300 } });
    const first = host.send('GET', `${externalPath}?timeout=1ms`);
    expect((await first).status).toBe(504);
    await expect.poll(async () => (await host.send('GET', '/version')).status).toBe(200);
  });
});

describe('health', () => {
  it('is answered at any load, unless it needs a review', async () => {
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const external = async () => {
      entered.resolve();
      await gate.promise;
      return [];
    };
    const access: RequestAccess = {
      ...anonymousAccess,
      authenticate: async ({ headers }, { onWait }) => {
        if (headers.authorization !== undefined) onWait();
        return identity;
      },
    };
    const host = await start({ access, external, limits: { inFlight: 1, timeout: 60_000 } });
    const first = host.send('GET', externalPath);
    await entered.promise;
    const code = async (path: string, headers = {}) =>
      (await host.send('GET', path, headers)).status;
    for (const path of ['/livez', '/readyz?verbose', '/healthz/ping']) {
      expect(await code(path)).toBe(200);
    }
    expect(await code('/healthz/of-my-own-making')).toBe(429);
    expect(await code('/healthz', { authorization: 'Bearer of-my-own-making' })).toBe(429);
    gate.resolve();
    expect((await first).status).toBe(200);
  });
});

describe('request targets that are not paths', () => {
  it.each(['http://[::1', 'https://[', 'http://a:99999999'])('%s is refused', async (target) => {
    const host = await start();
    const answer = await exchange(await open(host), `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('"reason":"BadRequest"');
    expect(host.answered).toMatchObject([{ target, code: 400 }]);
  });

  it('are accepted as absolute URLs', async () => {
    const host = await start();
    const head = 'GET https://127.0.0.1/healthz?verbose HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = await exchange(await open(host), head);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).toContain('[+]ping ok');
  });
});

describe('certificates that are expensive to parse', () => {
  const organizations = (count: number) =>
    Array.from({ length: count }, () => relativeName('55040a', 'o'));

  it('are rejected if they are too long', async () => {
    const { host, errors } = await startReading();
    expect(await askTwice(host, hostileCertificate(organizations(4_000)))).toEqual([200, 200]);
    expect(errors).toHaveLength(2);
    expect(String(errors[0])).toMatch(/at most 32768 bytes, got \d{5}/);
    // Cached for the connection.
    expect(errors[1]).toBe(errors[0]);
  });

  it('are accepted up to the limit', async () => {
    const { host, errors } = await startReading();
    expect(await askTwice(host, hostileCertificate(organizations(300)))).toEqual([200, 200]);
    expect(errors).toEqual([]);
  });

  /** The error from reading the certificate of each request. */
  async function startReading() {
    const errors: unknown[] = [];
    const access = {
      ...anonymousAccess,
      authenticate: async (request: Parameters<typeof peerCertificates>[0]) => {
        try {
          expect(peerCertificates(request)?.leaf.subject.commonName).toBe('mallory');
        } catch (error) {
          errors.push(error);
        }
        return identity;
      },
    };
    return { host: await start({ access }), errors };
  }

  async function askTwice({ port, ca }: ApiserverHost, pair: ConnectionOptions) {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca, ...pair });
    const codes = [];
    for (let i = 0; i < 2; i += 1) codes.push((await getHttp2(session, '/healthz')).status);
    session.close();
    return codes;
  }
});

async function open({ port, ca }: ApiserverHost, protocols?: string[]): Promise<TLSSocket> {
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    ca,
    ...(protocols && { ALPNProtocols: protocols }),
  });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  return socket;
}

/** Sends something and waits for the first piece of the answer's body. */
async function exchange(socket: TLSSocket, request: string): Promise<string> {
  let received = '';
  socket.on('data', (chunk) => {
    received += String(chunk);
  });
  socket.write(request);
  await expect.poll(() => /\r\n\r\n./s.test(received)).toBe(true);
  socket.destroy();
  return received;
}

/** A self-signed certificate with a subject of many attributes. */
function hostileCertificate(subject: readonly Buffer[]): { cert: string; key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  });
  const algorithm = sequence(identifier('2a8648ce3d040302'));
  const mallory = relativeName('550403', 'mallory');
  const validity = sequence(
    tagged(0x17, Buffer.from('250101000000Z')),
    tagged(0x17, Buffer.from('490101000000Z')),
  );
  const content = sequence(
    tagged(0xa0, tagged(2, Buffer.from([2]))),
    tagged(2, Buffer.from([1])),
    algorithm,
    sequence(mallory),
    validity,
    sequence(mallory, ...subject),
    publicKey,
  );
  const signature = createSign('sha256').update(content).sign(createPrivateKey(privateKey));
  const bits = tagged(3, Buffer.concat([Buffer.from([0]), signature]));
  const base64 = sequence(content, algorithm, bits).toString('base64');
  const cert = `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
  return { cert, key: privateKey };
}

function relativeName(oid: string, value: string): Buffer {
  return tagged(0x31, sequence(identifier(oid), tagged(0x0c, Buffer.from(value))));
}

function identifier(hex: string): Buffer {
  return tagged(6, Buffer.from(hex, 'hex'));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

/** A value in DER. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const digits = length.toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  const head = length < 128 ? [tag, length] : [tag, 0x80 + bytes.length, ...bytes];
  return Buffer.concat([Buffer.from(head), content]);
}

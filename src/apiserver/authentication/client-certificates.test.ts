import { createServer, request as httpsRequest, type Server } from 'node:https';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listenOnLoopback } from '../../../scripts/parts/listen.ts';
import {
  type MadeCertificate,
  makeAuthority,
  makeCertificate,
  makeClient,
} from '../../../test/fixtures/certificate-maker.ts';
import { reviewCaller } from '../../../test/fixtures/review-caller.ts';
import { statusOf } from '../status.ts';
import { createAuthenticator } from './authenticator.ts';
import { type CertificateAuthorities, readCertificateBundle } from './certificate-authorities.ts';
import { askForClientCertificates } from './peer-certificates.ts';

let server: Server;
let port: number;
let clientCa: MadeCertificate;
let frontProxyCa: MadeCertificate;
let authorities: CertificateAuthorities | undefined;
let outcomes: string[] = [];
let tokens: string[] = [];
/** Why the last rejected client was rejected, for the log. */
let why: string | undefined;

beforeAll(async () => {
  [clientCa, frontProxyCa] = await Promise.all([
    makeAuthority('clients'),
    makeAuthority('proxies'),
  ]);
  const authenticate = createAuthenticator({
    authorities: () => authorities,
    async reviewToken(token) {
      tokens.push(token);
      return token === 'good' ? { name: 'bob', groups: [], extra: new Map() } : undefined;
    },
    onOutcome: (...outcome) => outcomes.push(outcome.join(' ')),
    now: Date.now,
  });
  const { cert, key } = await makeCertificate({ subject: 'CN=server' });
  server = createServer({ ...askForClientCertificates, cert, key }, async (request, response) => {
    const seen = await authenticate(request, reviewCaller())
      .then(({ method, user: { name, groups } }) => ({ method, name, groups }))
      .catch((error: unknown) => {
        why = error instanceof Error ? String(error.cause ?? error) : undefined;
        return statusOf(error).code;
      });
    response.end(JSON.stringify(seen));
  });
  port = await listenOnLoopback(server);
});

afterAll(() => {
  server?.close();
});

beforeEach(() => {
  outcomes = [];
  tokens = [];
  authorities = {
    clientCa: readCertificateBundle('clients', clientCa.cert),
    frontProxy: {
      ca: readCertificateBundle('proxies', frontProxyCa.cert),
      allowedNames: ['front-proxy'],
      headers: {
        username: ['X-Remote-User'],
        uid: [],
        group: ['X-Remote-Group'],
        extraPrefix: [],
      },
    },
  };
});

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** The user of a client, or the status code of its rejection. */
function whoIs(certificate: MadeCertificate | undefined, headers: Headers = {}): Promise<unknown> {
  const { cert, key } = certificate ?? {};
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      {
        ...{ host: '127.0.0.1', port, agent: false, rejectUnauthorized: false },
        ...(cert !== undefined && key !== undefined && { cert, key }),
        // OpenSSL would prevent a client from using a short key.
        ciphers: 'DEFAULT@SECLEVEL=0',
      },
      (response) => void json(response).then(resolve, reject),
    );
    for (const [name, value] of Object.entries(headers)) sent.setHeader(name, value);
    sent.on('error', reject);
    sent.end();
  });
}

const anonymous = {
  method: 'anonymous',
  name: 'system:anonymous',
  groups: ['system:unauthenticated'],
};
const remoteAlice = { 'x-remote-user': 'alice', 'x-remote-group': ['a', 'b'] };
const good = { authorization: 'Bearer good' };
const bob = { method: 'token', name: 'bob', groups: ['system:authenticated'] };

describe('a client certificate', () => {
  it('has the user in the common name, and the groups in the organizations', async () => {
    const alice = await makeClient(clientCa, 'O=shop,CN=alice');
    expect(await whoIs(alice)).toEqual({
      method: 'client_certificate',
      name: 'alice',
      groups: ['shop', 'system:authenticated'],
    });
    expect(outcomes).toEqual(['client_certificate success']);
  });

  it('without a common name does not authenticate, regardless of its organizations', async () => {
    const nameless = await makeClient(clientCa, 'O=system:masters');
    // It is rejected as a certificate of a front proxy, as in Kubernetes.
    expect(await whoIs(nameless)).toBe(401);
    expect(await whoIs(nameless, good)).toEqual(bob);
    authorities = { clientCa: authorities?.clientCa, frontProxy: undefined };
    expect(await whoIs(nameless)).toEqual(anonymous);
    expect(outcomes).toEqual(['none refused', 'token success', 'anonymous success']);
  });

  it('with two common names identifies the last', async () => {
    const two = await makeClient(clientCa, 'CN=admin,CN=alice');
    expect(await whoIs(two)).toMatchObject({ name: 'alice' });
  });

  it('of an unknown authority is rejected, unless there is a valid token', async () => {
    const forged = await makeClient(await makeAuthority('clients'), 'CN=admin');
    expect(await whoIs(forged)).toBe(401);
    expect(await whoIs(forged, good)).toEqual(bob);
    expect(await whoIs(forged, { authorization: 'Bearer bad' })).toBe(401);
    expect(outcomes).toEqual(['none refused', 'token success', 'none refused']);
  });

  it('that is rejected has all reasons in the log', async () => {
    const forged = await makeClient(await makeAuthority('clients'), 'CN=admin');
    const unsigned = 'no trusted authority has signed it';
    const reasons = [
      `not the front proxy's certificate: ${unsigned}`,
      `not a client's certificate: ${unsigned} (issuer "clients": the signature is not from its key)`,
    ];
    expect(await whoIs(forged)).toBe(401);
    expect(why).toBe(`Error: ${reasons.join('; ')}`);
    expect(await whoIs(forged, { authorization: 'Bearer bad' })).toBe(401);
    expect(why).toBe(`Error: ${[...reasons, 'the bearer token is not valid'].join('; ')}`);
    const other = await makeClient(frontProxyCa, 'CN=other');
    expect(await whoIs(other)).toBe(401);
    expect(why).toBe(
      `Error: the common name "other" is not allowed for a front proxy; not a client's certificate: ${unsigned}`,
    );
  });

  it('with a short RSA key is rejected, and the log has the reason', async () => {
    const short = await makeClient(clientCa, 'CN=alice', { rsaBits: 1024 });
    const reason = 'its RSA key has 1024 bits, expected at least 2048';
    expect(await whoIs(short)).toBe(401);
    expect(why).toBe(
      `Error: not the front proxy's certificate: ${reason}; not a client's certificate: ${reason}`,
    );
    expect(await whoIs(short, good)).toEqual(bob);
  });

  it('of an authority with a short RSA key is rejected, and the log has the reason', async () => {
    const shortCa = await makeCertificate({ subject: 'CN=short', authority: {}, rsaBits: 1024 });
    authorities = {
      clientCa: readCertificateBundle('clients', shortCa.cert),
      frontProxy: undefined,
    };
    expect(await whoIs(await makeClient(shortCa, 'CN=alice'))).toBe(401);
    expect(why).toBe(
      `Error: not a client's certificate: no trusted authority has signed it (issuer "short": its RSA key has 1024 bits, expected at least 2048)`,
    );
  });

  it('that cannot be read is rejected, unless there is a valid token', async () => {
    const organizations = Array.from({ length: 500 }, (_, i) => `O=${String(i).padStart(60, 'x')}`);
    const large = await makeClient(clientCa, ['CN=alice', ...organizations].join(','));
    expect(await whoIs(large)).toBe(401);
    expect(why).toMatch(
      /^Error: the client certificate cannot be read: Error: expected a chain of/,
    );
    expect(await whoIs(large, good)).toEqual(bob);
  });

  it('of an unknown authority is rejected without a front proxy, too', async () => {
    authorities = { clientCa: authorities?.clientCa, frontProxy: undefined };
    const forged = await makeClient(await makeAuthority('clients'), 'CN=admin');
    expect(await whoIs(forged)).toBe(401);
  });

  it('takes precedence over a token, which is not reviewed', async () => {
    const alice = await makeClient(clientCa, 'CN=alice');
    expect(await whoIs(alice, good)).toMatchObject({ name: 'alice' });
    expect(tokens).toEqual([]);
  });

  it('cannot be verified before the authorities are loaded', async () => {
    authorities = undefined;
    expect(await whoIs(await makeClient(clientCa, 'CN=alice'))).toBe(500);
    expect(why).toMatch(
      /^Error: a client certificate cannot be verified: the certificate authorities are not/,
    );
    expect(await whoIs(undefined)).toEqual(anonymous);
    expect(outcomes).toEqual(['none error', 'anonymous success']);
  });

  it('is ignored if no authorities are configured', async () => {
    authorities = { clientCa: undefined, frontProxy: undefined };
    expect(await whoIs(await makeClient(clientCa, 'CN=alice'))).toEqual(anonymous);
  });
});

describe('the headers of a front proxy', () => {
  it('have the user and the groups', async () => {
    const proxy = await makeClient(frontProxyCa, 'CN=front-proxy');
    expect(await whoIs(proxy, remoteAlice)).toEqual({
      method: 'front_proxy',
      name: 'alice',
      groups: ['a', 'b', 'system:authenticated'],
    });
    expect(outcomes).toEqual(['front_proxy success']);
  });

  it('take precedence over a token, which is not reviewed', async () => {
    const proxy = await makeClient(frontProxyCa, 'CN=front-proxy');
    expect(await whoIs(proxy, { ...remoteAlice, ...good })).toMatchObject({ name: 'alice' });
    expect(tokens).toEqual([]);
  });

  it('are accepted only with an allowed name, or if any name is allowed', async () => {
    const other = await makeClient(frontProxyCa, 'CN=other');
    expect(await whoIs(other, remoteAlice)).toBe(401);
    const { frontProxy } = authorities ?? {};
    authorities = { clientCa: undefined, frontProxy };
    expect(await whoIs(other, remoteAlice)).toBe(401);
    if (frontProxy === undefined) throw new Error('no front proxy');
    authorities = { clientCa: undefined, frontProxy: { ...frontProxy, allowedNames: [] } };
    expect(await whoIs(other, remoteAlice)).toMatchObject({ method: 'front_proxy' });
  });

  it('of a client other than the front proxy are ignored: its certificate has the user', async () => {
    const alice = await makeClient(clientCa, 'CN=front-proxy');
    const headers = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };
    expect(await whoIs(alice, headers)).toEqual({
      method: 'client_certificate',
      name: 'front-proxy',
      groups: ['system:authenticated'],
    });
  });

  it('without a user name fall back to the token', async () => {
    const proxy = await makeClient(frontProxyCa, 'CN=front-proxy');
    expect(await whoIs(proxy, { ...good, 'x-remote-group': 'system:masters' })).toEqual(bob);
  });
});

import { Socket } from 'node:net';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority } from '../../../test/fixtures/certificate-maker.ts';
import { reviewCaller } from '../../../test/fixtures/review-caller.ts';
import type { RequestOrigin } from '../http/http-exchange.ts';
import { tooManyRequests } from '../status.ts';
import { createAuthenticator } from './authenticator.ts';
import { type CertificateAuthorities, readCertificateBundle } from './certificate-authorities.ts';
import type { UserInfo } from './user-info.ts';

const headers = {
  username: ['X-Remote-User'],
  uid: ['X-Remote-Uid'],
  group: ['X-Remote-Group'],
  extraPrefix: ['X-Remote-Extra-'],
};
const anonymous = {
  name: 'system:anonymous',
  groups: ['system:unauthenticated'],
  extra: new Map(),
};

let authorities: CertificateAuthorities;
const outcomes: string[] = [];

beforeAll(async () => {
  const ca = readCertificateBundle('ca', (await makeAuthority('front-proxy-ca')).cert);
  authorities = { clientCa: ca, frontProxy: { ca, allowedNames: [], headers } };
});

function authenticator(
  reviewToken: Parameters<typeof createAuthenticator>[0]['reviewToken'],
): (request: RequestOrigin) => Promise<UserInfo> {
  outcomes.length = 0;
  const authenticate = createAuthenticator({
    authorities: () => authorities,
    reviewToken,
    onOutcome: (...outcome) => outcomes.push(outcome.join(' ')),
    now: Date.now,
  });
  return async (origin) => (await authenticate(origin, reviewCaller())).user;
}

/** A request over a connection without a certificate. */
function request(sent: Readonly<Record<string, readonly string[]>>) {
  const headersDistinct = Object.fromEntries(
    Object.entries(sent).map(([name, values]) => [name, [...values]]),
  );
  const joined = Object.entries(sent).map(([name, values]) => [name, values.join(', ')]);
  return { socket: new Socket(), headers: Object.fromEntries(joined), headersDistinct };
}

const noToken = async () => undefined;

describe('createAuthenticator', () => {
  it('ignores headers of a front proxy without a certificate', async () => {
    const authenticate = authenticator(noToken);
    const name = fc.oneof(
      fc.constantFrom('x-remote-user', 'x-remote-group', 'x-remote-uid', 'x-remote-extra-scopes'),
      fc.string({ minLength: 1 }).filter((each) => each.toLowerCase() !== 'authorization'),
    );
    const sent = fc.dictionary(name, fc.array(fc.string(), { minLength: 1, maxLength: 3 }));
    await fc.assert(
      fc.asyncProperty(sent, async (each) => {
        expect(await authenticate(request(each))).toEqual(anonymous);
      }),
    );
  });

  it('uses a token, and ignores headers of a front proxy', async () => {
    const authenticate = authenticator(async (token) =>
      token === 'good' ? { name: 'bob', groups: ['shop'], extra: new Map() } : undefined,
    );
    const sent = { authorization: ['Bearer good'], 'x-remote-user': ['admin'] };
    expect(await authenticate(request(sent))).toMatchObject({
      name: 'bob',
      groups: ['shop', 'system:authenticated'],
    });
    expect(outcomes).toEqual(['token success']);
  });

  it('rejects an invalid token, and does not treat the request as anonymous', async () => {
    const authenticate = authenticator(noToken);
    await expect(authenticate(request({ authorization: ['Bearer bad'] }))).rejects.toMatchObject({
      status: { code: 401, reason: 'Unauthorized', message: 'Unauthorized' },
    });
    expect(outcomes).toEqual(['none refused']);
  });

  it.each(['impersonate-user', 'impersonate-group', 'impersonate-uid', 'impersonate-extra-a'])(
    'rejects %s, since the request would be authorized as the impersonating user',
    async (header) => {
      let reviews = 0;
      const authenticate = authenticator(async () => {
        reviews += 1;
        return { name: 'root', groups: ['system:masters'], extra: new Map() };
      });
      const sent = { authorization: ['Bearer good'], [header]: ['jane'] };
      await expect(authenticate(request(sent))).rejects.toMatchObject({
        status: { code: 400, message: expect.stringContaining(`${header} is not supported`) },
      });
      expect(reviews).toBe(0);
      expect(outcomes).toEqual(['none refused']);
    },
  );

  it('rejects impersonation headers of any extra field, and accepts headers with other names', async () => {
    const authenticate = authenticator(noToken);
    for (const header of ['impersonate-extra-scopes', 'impersonate-extra-']) {
      const refused = authenticate(request({ [header]: ['jane'] }));
      await expect(refused).rejects.toMatchObject({ status: { code: 400 } });
    }
    for (const header of ['x-impersonate-user', 'impersonate-users', 'impersonate-']) {
      expect(await authenticate(request({ [header]: ['jane'] }))).toEqual(anonymous);
    }
  });

  it('rejects the request if a token cannot be reviewed', async () => {
    const authenticate = authenticator(async () => {
      throw new Error('no API server');
    });
    const refused = authenticate(request({ authorization: ['Bearer good'] }));
    await expect(refused).rejects.toThrow('no API server');
    expect(outcomes).toEqual(['none error']);
  });

  it('does not count requests that cannot wait for a TokenReview', async () => {
    const authenticate = authenticator(async () => {
      throw tooManyRequests(1);
    });
    const refused = authenticate(request({ authorization: ['Bearer good'] }));
    await expect(refused).rejects.toMatchObject({ status: { code: 429 } });
    expect(outcomes).toEqual([]);
  });

  it('does not add the group of authenticated users to a token of the anonymous user', async () => {
    const authenticate = authenticator(async () => anonymous);
    expect(await authenticate(request({ authorization: ['Bearer odd'] }))).toEqual(anonymous);
  });
});

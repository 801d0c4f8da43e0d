import { describe, expect, it } from 'vitest';
import { reviewCaller, unlimitedReviews } from '../../../test/fixtures/review-caller.ts';
import type { KubernetesClient } from '../client/client.ts';
import {
  createAccessReviewer,
  createTokenReviewer,
  type ReviewedRequest,
  type ReviewedUser,
} from './reviews.ts';

/** An API server that answers every review with the same status, and the requests that it receives. */
function requesterWith(status: unknown) {
  const sent: { path: string; document: object }[] = [];
  const limits: unknown[] = [];
  const unused = async (): Promise<never> => {
    throw new Error('not expected here');
  };
  const client: KubernetesClient = {
    getJson: unused,
    watch: unused,
    async postJson(path, document, limit) {
      sent.push({ path, document });
      limits.push(limit);
      return { body: { status }, contentType: 'application/json' };
    },
    close: () => undefined,
  };
  return { client, sent, limits };
}

const forever = { allowedMs: 60_000, deniedMs: 60_000 };
const alice = {
  name: 'alice',
  uid: '1',
  groups: ['a', 'b'],
  extra: new Map([['scope', ['read', 'write']]]),
};
const value = {
  isResource: true,
  verb: 'get',
  group: 'custom.metrics.k8s.io',
  version: 'v1beta2',
  namespace: 'shop',
  resource: 'pods',
  name: 'cart',
  subresource: 'load',
} as const;
const path = { isResource: false, verb: 'get', path: '/metrics' } as const;

describe('createAccessReviewer', () => {
  const others: readonly [string, ReviewedUser, ReviewedRequest][] = [
    ['verb', alice, { ...value, verb: 'list' }],
    ['group', alice, { ...value, group: 'external.metrics.k8s.io' }],
    ['version', alice, { ...value, version: 'v1beta1' }],
    ['namespace', alice, { ...value, namespace: 'bank' }],
    ['resource', alice, { ...value, resource: 'nodes' }],
    ['name', alice, { ...value, name: '*' }],
    ['subresource', alice, { ...value, subresource: 'errors' }],
    ['user', { ...alice, name: 'bob' }, value],
    ['uid', { ...alice, uid: '2' }, value],
    ['missing uid', { name: 'alice', groups: alice.groups, extra: alice.extra }, value],
    ['groups', { ...alice, groups: ['a'] }, value],
    ['groups that are joined', { ...alice, groups: ['a,b'] }, value],
    ['extra', { ...alice, extra: new Map() }, value],
    ['key of extra', { ...alice, extra: new Map([['other', ['read', 'write']]]) }, value],
    ['values of extra', { ...alice, extra: new Map([['scope', ['read']]]) }, value],
    ['path instead of a resource', alice, path],
  ];

  it.each(others)('asks again for another %s', async (_, user, request) => {
    const { client, sent } = requesterWith({ allowed: true });
    const review = createAccessReviewer({ client, queue: unlimitedReviews }, forever);
    await review(alice, value, reviewCaller());
    await review(alice, value, reviewCaller());
    expect(sent).toHaveLength(1);
    await review(user, request, reviewCaller());
    expect(sent).toHaveLength(2);
  });

  it.each([
    ['path', { ...path, path: '/version' }],
    ['verb', { ...path, verb: 'post' }],
  ])('sends another review for another %s outside of the APIs', async (_, request) => {
    const { client, sent } = requesterWith({ allowed: true });
    const review = createAccessReviewer({ client, queue: unlimitedReviews }, forever);
    await review(alice, path, reviewCaller());
    await review(alice, path, reviewCaller());
    expect(sent).toHaveLength(1);
    await review(alice, request, reviewCaller());
    expect(sent).toHaveLength(2);
  });

  it('sends all attributes of the user and the request', async () => {
    const { client, sent } = requesterWith({ allowed: true });
    const review = createAccessReviewer({ client, queue: unlimitedReviews }, forever);
    await review(alice, value, reviewCaller());
    await review({ name: 'bob', groups: [], extra: new Map() }, path, reviewCaller());
    const { isResource: _, ...resourceAttributes } = value;
    const subject = { user: 'alice', uid: '1', groups: ['a', 'b'] };
    const specs = [
      { resourceAttributes, ...subject, extra: { scope: ['read', 'write'] } },
      { nonResourceAttributes: { path: '/metrics', verb: 'get' }, user: 'bob', groups: [] },
    ];
    expect(sent).toEqual(
      specs.map((spec) => ({
        path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        document: { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec },
      })),
    );
  });

  it.each([
    [
      { allowed: true, reason: 'RBAC' },
      { allowed: true, reason: 'RBAC' },
    ],
    [
      { allowed: true, denied: true },
      { allowed: false, reason: '' },
    ],
    [
      { allowed: false, denied: true },
      { allowed: false, reason: '' },
    ],
    [
      { allowed: false, reason: 7 },
      { allowed: false, reason: '' },
    ],
    [{}, { allowed: false, reason: '' }],
  ])('reads %j', async (status, decision) => {
    const { client } = requesterWith(status);
    const review = createAccessReviewer({ client, queue: unlimitedReviews }, forever);
    expect(await review(alice, value, reviewCaller())).toEqual(decision);
  });

  it.each([undefined, null, 'yes', { allowed: 'true' }, { allowed: true, denied: 'no' }])(
    'fails on %j',
    async (status) => {
      const { client } = requesterWith(status);
      const review = createAccessReviewer({ client, queue: unlimitedReviews }, forever);
      await expect(review(alice, value, reviewCaller())).rejects.toMatchObject({
        kind: 'bad_answer',
        message: expect.stringContaining('subjectaccessreviews: expected status.'),
      });
    },
  );

  it.each([
    [true, { allowedMs: 60_000, deniedMs: 0 }, 1],
    [false, { allowedMs: 60_000, deniedMs: 0 }, 2],
    [true, { allowedMs: 0, deniedMs: 60_000 }, 2],
    [false, { allowedMs: 0, deniedMs: 60_000 }, 1],
  ])('caches %s for the TTL of its kind', async (allowed, ttl, asked) => {
    const { client, sent } = requesterWith({ allowed });
    const review = createAccessReviewer({ client, queue: unlimitedReviews }, ttl);
    for (let i = 0; i < 2; i += 1) await review(alice, value, reviewCaller());
    expect(sent).toHaveLength(asked);
  });
});

describe('a review', () => {
  it('has a timeout of 10 s, and is not aborted with its caller', async () => {
    const { client, limits } = requesterWith({ allowed: true });
    await createAccessReviewer({ client, queue: unlimitedReviews }, forever)(
      alice,
      path,
      reviewCaller(),
    );
    expect(limits).toEqual([{ timeoutMs: 10_000 }]);
  });
});

describe('the place of a review in the queue', () => {
  it('is awaited, and released when the review has ended', async () => {
    const { client, sent } = requesterWith({ allowed: true });
    const turn = Promise.withResolvers<void>();
    const events: unknown[] = [];
    const queue = {
      async enter(caller: unknown) {
        events.push(caller);
        await turn.promise;
        return () => void events.push(`given back after ${sent.length}`);
      },
    };
    const caller = reviewCaller({ pool: 'front_proxy', flow: 'user alice' });
    const asked = createAccessReviewer({ client, queue }, forever)(alice, value, caller);
    expect([events, sent.length]).toEqual([[caller], 0]);
    turn.resolve();
    await asked;
    expect(events.slice(1)).toEqual(['given back after 1']);
  });

  it('is released when the review fails', async () => {
    const { client } = requesterWith({});
    let left = 0;
    const queue = {
      enter: async () => () => {
        left += 1;
      },
    };
    const failing = { ...client, postJson: () => Promise.reject(new Error('away')) };
    const review = createTokenReviewer({ client: failing, queue }, 0);
    await expect(review('token', reviewCaller())).rejects.toThrow('away');
    expect(left).toBe(1);
  });

  it('is not available: the request is rejected, and no review is sent', async () => {
    const { client, sent } = requesterWith({ authenticated: true });
    const queue = { enter: () => Promise.reject(new Error('queue full')) };
    const review = createTokenReviewer({ client, queue }, 60_000);
    await expect(review('token', reviewCaller())).rejects.toThrow('queue full');
    expect(sent).toEqual([]);
  });
});

describe('createTokenReviewer', () => {
  const user = {
    username: 'bob',
    uid: '7',
    groups: ['a', 8, 'b'],
    extra: { k: ['v'], no: 'list' },
  };

  it.each([
    [
      { authenticated: true, user },
      {
        name: 'bob',
        uid: '7',
        groups: ['a', 'b'],
        extra: new Map([
          ['k', ['v']],
          ['no', []],
        ]),
      },
    ],
    [
      { authenticated: true, user: { username: 'bob', uid: '', groups: 'a', extra: null } },
      { name: 'bob', groups: [], extra: new Map() },
    ],
    [
      { authenticated: true, user: { username: 'bob', uid: 7 } },
      { name: 'bob', groups: [], extra: new Map() },
    ],
    [{ authenticated: false, user }, undefined],
    [{ user }, undefined],
  ])('reads %j', async (status, expected) => {
    const { client, sent } = requesterWith(status);
    const review = createTokenReviewer({ client, queue: unlimitedReviews }, 60_000);
    expect(await review('good', reviewCaller())).toEqual(expected);
    expect(sent).toEqual([
      {
        path: '/apis/authentication.k8s.io/v1/tokenreviews',
        document: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenReview',
          spec: { token: 'good' },
        },
      },
    ]);
  });

  it.each([
    { authenticated: true },
    { authenticated: true, user: { username: '' } },
    { authenticated: true, user: { username: 7 } },
    { authenticated: 1 },
  ])('fails on %j', async (status) => {
    const { client } = requesterWith(status);
    const review = createTokenReviewer({ client, queue: unlimitedReviews }, 60_000);
    await expect(review('good', reviewCaller())).rejects.toMatchObject({ kind: 'bad_answer' });
  });

  it.each([
    [60_000, 2],
    [0, 3],
  ])('caches each token separately, for %i ms', async (ttlMs, asked) => {
    const { client, sent } = requesterWith({ authenticated: true, user: { username: 'bob' } });
    const review = createTokenReviewer({ client, queue: unlimitedReviews }, ttlMs);
    for (const token of ['one', 'two', 'one']) await review(token, reviewCaller());
    expect(sent).toHaveLength(asked);
  });
});

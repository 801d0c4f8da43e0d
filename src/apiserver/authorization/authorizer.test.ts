import { describe, expect, it } from 'vitest';
import { reviewCaller } from '../../../test/fixtures/review-caller.ts';
import type { UserInfo } from '../authentication/user-info.ts';
import { parseRequestUrl, requestInfo } from '../http/request-info.ts';
import { statusOf, tooManyRequests } from '../status.ts';
import { type AccessDecision, createAuthorizer } from './authorizer.ts';
import { pathMatcher } from './path-pattern.ts';

const alice: UserInfo = { name: 'alice', groups: ['system:authenticated'], extra: new Map() };
const master: UserInfo = { ...alice, groups: ['system:masters'] };
const pods = '/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/pods/*/requests';

function authorizer(review: () => Promise<AccessDecision>) {
  const outcomes: string[] = [];
  const reviewed: unknown[] = [];
  const authorize = createAuthorizer({
    review: (_user, info) => {
      reviewed.push(info);
      return review();
    },
    isAlwaysAllowed: pathMatcher(['/healthz', '/apis/*']),
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const ask = (user: UserInfo, path: string, method = 'GET') =>
    authorize(user, requestInfo(method, parseRequestUrl(path)), reviewCaller());
  return { ask, outcomes, reviewed };
}

const deny = async () => ({ allowed: false, reason: '' });

describe('createAuthorizer', () => {
  it('reviews requests', async () => {
    const { ask, outcomes, reviewed } = authorizer(async () => ({ allowed: true, reason: '' }));
    await ask(alice, pods);
    expect(reviewed).toEqual([
      {
        isResource: true,
        verb: 'get',
        group: 'custom.metrics.k8s.io',
        version: 'v1beta2',
        namespace: 'shop',
        resource: 'pods',
        name: '*',
        subresource: 'requests',
      },
    ]);
    expect(outcomes).toEqual(['allowed']);
  });

  it('does not review requests of system:masters, nor those for always-allowed paths', async () => {
    const { ask, reviewed } = authorizer(deny);
    await ask(master, pods);
    await ask(alice, '/healthz');
    expect(reviewed).toEqual([]);
  });

  it('reviews a request for a resource whose path is always allowed', async () => {
    const { ask } = authorizer(deny);
    await expect(ask(alice, pods)).rejects.toMatchObject({ status: { code: 403 } });
  });

  it.each([
    ['GET', '/metrics', 'forbidden: User "alice" cannot get path "/metrics"', {}],
    [
      'DELETE',
      '/apis/custom.metrics.k8s.io/v1beta2/nodes/gpu.1/load',
      'nodes.custom.metrics.k8s.io "gpu.1" is forbidden: User "alice" cannot delete resource "nodes/load" in API group "custom.metrics.k8s.io" at the cluster scope',
      { name: 'gpu.1', group: 'custom.metrics.k8s.io', kind: 'nodes' },
    ],
    [
      'GET',
      '/apis/external.metrics.k8s.io/v1beta1/namespaces/a%3Cb/lag',
      'lag.external.metrics.k8s.io is forbidden: User "alice" cannot list resource "lag" in API group "external.metrics.k8s.io" in the namespace "a&lt;b"',
      { group: 'external.metrics.k8s.io', kind: 'lag' },
    ],
    ['GET', '/a&b<c>', 'forbidden: User "alice" cannot get path "/a&amp;b&lt;c&gt;"', {}],
    [
      'GET',
      '/apis//v1/pods/web',
      'pods "web" is forbidden: User "alice" cannot get resource "pods" in API group "" at the cluster scope',
      { name: 'web', group: '', kind: 'pods' },
    ],
  ])('rejects %s %s', async (method, path, message, details) => {
    const { ask, outcomes } = authorizer(deny);
    const error: unknown = await ask(alice, path, method).catch((reason: unknown) => reason);
    expect(statusOf(error)).toMatchObject({ code: 403, reason: 'Forbidden', message });
    expect(statusOf(error).details).toEqual(details);
    expect(outcomes).toEqual(['denied']);
  });

  it('includes the reason in the Status', async () => {
    const { ask } = authorizer(async () => ({ allowed: false, reason: 'no budget' }));
    await expect(ask(alice, '/metrics')).rejects.toThrow(
      'forbidden: User "alice" cannot get path "/metrics": no budget',
    );
  });

  it('does not count requests that cannot wait for a SubjectAccessReview', async () => {
    const { ask, outcomes } = authorizer(async () => {
      throw tooManyRequests(1);
    });
    await expect(ask(alice, pods)).rejects.toMatchObject({ status: { code: 429 } });
    expect(outcomes).toEqual([]);
  });

  it('fails closed if there is no decision', async () => {
    const { ask, outcomes } = authorizer(async () => {
      throw new Error('no API server');
    });
    await expect(ask(alice, pods)).rejects.toThrow('no API server');
    expect(outcomes).toEqual(['error']);
  });
});

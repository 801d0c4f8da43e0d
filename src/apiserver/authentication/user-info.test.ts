import { expect, it } from 'vitest';
import { anonymous, withAuthenticatedGroup } from './user-info.ts';

it.each([
  ['alice', [], ['system:authenticated']],
  ['alice', ['shop'], ['shop', 'system:authenticated']],
  ['alice', ['system:authenticated', 'shop'], ['system:authenticated', 'shop']],
  ['alice', ['system:unauthenticated'], ['system:unauthenticated']],
  ['system:anonymous', ['shop'], ['shop']],
])('%s in the groups %j is in %j', (name, groups, expected) => {
  const user = { name, uid: '1', groups, extra: new Map([['scope', ['read']]]) };
  expect(withAuthenticatedGroup(user)).toEqual({ ...user, groups: expected });
});

it('the anonymous user is not authenticated', () => {
  expect(withAuthenticatedGroup(anonymous)).toBe(anonymous);
});

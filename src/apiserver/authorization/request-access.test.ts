import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { reviewCaller } from '../../../test/fixtures/review-caller.ts';
import { anonymous } from '../authentication/user-info.ts';
import { parseRequestUrl, requestInfo } from '../http/request-info.ts';
import { anonymousAccess } from './request-access.ts';

it('without a cluster, all requests are anonymous and allowed', async () => {
  const request = { socket: new Socket(), headers: {}, headersDistinct: {} };
  const identity = await anonymousAccess.authenticate(request, reviewCaller());
  expect(identity).toEqual({ method: 'anonymous', user: anonymous });
  const info = requestInfo('DELETE', parseRequestUrl('/metrics'));
  const allowed = anonymousAccess.authorize(anonymous, info, reviewCaller());
  await expect(allowed).resolves.toBeUndefined();
});

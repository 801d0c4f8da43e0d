import { StatusError } from '../status.ts';

/** Somebody says who they are and is not believed. Why is for the log only. */
export function unauthorized(why: readonly string[]): StatusError {
  return new StatusError(
    {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    },
    { cause: new Error(why.join('; ')) },
  );
}

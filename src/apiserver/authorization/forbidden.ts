import type { UserInfo } from '../authentication/user-info.ts';
import type { RequestInfo, ResourceRequestInfo } from '../request-info.ts';
import { StatusError } from '../status.ts';

/**
 * The Status 403 of a request that the user may not make, in the words of Kubernetes' own servers.
 *
 * @param reason what the reviewer said; may be empty
 */
export function forbidden(user: UserInfo, info: RequestInfo, reason: string): StatusError {
  const { subject, details } = info.isResource ? subjectOf(info) : { subject: '', details: {} };
  const words = [deniedAction(user, info), ...(reason === '' ? [] : [reason])].join(': ');
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `${subject}forbidden: ${words}`,
    reason: 'Forbidden',
    details,
    code: 403,
  });
}

function subjectOf({ group, resource, name }: ResourceRequestInfo): {
  readonly subject: string;
  readonly details: object;
} {
  const qualified = group === '' ? resource : `${resource}.${group}`;
  const object = name === '' ? qualified : `${qualified} ${JSON.stringify(name)}`;
  return {
    subject: `${object} is `,
    details: { ...(name !== '' && { name }), group, kind: resource },
  };
}

function deniedAction({ name }: UserInfo, info: RequestInfo): string {
  const who = `User ${JSON.stringify(name)}`;
  if (!info.isResource) {
    return withoutMarkup(`${who} cannot ${info.verb} path ${JSON.stringify(info.path)}`);
  }
  const { verb, group, namespace, resource, subresource } = info;
  const what = JSON.stringify(subresource === '' ? resource : `${resource}/${subresource}`);
  const where =
    namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return withoutMarkup(
    `${who} cannot ${verb} resource ${what} in API group ${JSON.stringify(group)} ${where}`,
  );
}

/** A path must not become a page in somebody's browser. */
function withoutMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

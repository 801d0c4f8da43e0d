import { echoedText } from '../../text/shorten.ts';
import type { UserInfo } from '../authentication/user-info.ts';
import type { RequestInfo, ResourceRequestInfo } from '../http/request-info.ts';
import { StatusError } from '../status.ts';

/**
 * The Status 403 of a request that is not authorized, in the words of Kubernetes' servers.
 *
 * @param reason of the decision; may be empty
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

function subjectOf(info: ResourceRequestInfo): {
  readonly subject: string;
  readonly details: object;
} {
  const [group, resource, name] = [info.group, info.resource, info.name].map(echoedText);
  const qualified = group === '' ? resource : `${resource}.${group}`;
  const object = name === '' ? qualified : `${qualified} ${JSON.stringify(name)}`;
  return {
    subject: `${object} is `,
    details: { ...(name !== '' && { name }), group, kind: resource },
  };
}

function deniedAction({ name }: UserInfo, info: RequestInfo): string {
  const who = `User ${quoted(name)}`;
  const verb = echoedText(info.verb);
  if (!info.isResource) return withoutMarkup(`${who} cannot ${verb} path ${quoted(info.path)}`);
  const { group, namespace, resource, subresource } = info;
  const what = quoted(subresource === '' ? resource : `${resource}/${subresource}`);
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${quoted(namespace)}`;
  return withoutMarkup(
    `${who} cannot ${verb} resource ${what} in API group ${quoted(group)} ${where}`,
  );
}

function quoted(text: string): string {
  return JSON.stringify(echoedText(text));
}

/** A browser must not interpret a path as markup. */
function withoutMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

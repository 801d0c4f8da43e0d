import { isIPv4, isIPv6 } from 'node:net';
import type { UserInfo } from '../authentication/user-info.ts';

/**
 * In characters. A front proxy forwards names of any length, and the flow is stored for each slot in
 * use.
 */
const LONGEST_FLOW = 256;

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]*):/;
const CONTROL_PLANE_NAMESPACE = 'kube-system';

/**
 * The flow of a user's requests. The service accounts of a namespace are one flow, since a user who can
 * create one can create any number. Those of kube-system are separate flows: they are controllers.
 */
export function userFlow({ name }: UserInfo): string {
  const [, namespace] = SERVICE_ACCOUNT.exec(name) ?? [];
  const isTenant = namespace !== undefined && namespace !== CONTROL_PLANE_NAMESPACE;
  const flow = isTenant ? `namespace ${namespace}` : `user ${name}`;
  return flow.slice(0, LONGEST_FLOW);
}

/**
 * The flow of requests of which only the client address is known. An IPv6 /64 network is one flow,
 * since a single host can use any of its addresses.
 */
export function addressFlow(address: string | undefined): string {
  return `address ${address === undefined ? '' : networkOf(address)}`;
}

function networkOf(address: string): string {
  const mapped = address.replace(/^::ffff:/i, '');
  if (isIPv4(mapped)) return mapped;
  if (!isIPv6(address)) return '';
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after];
  return groups.slice(0, 4).join(':');
}

/**
 * Names in Kubernetes.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** A label of RFC 1123: the name of a namespace, a resource or a version. */
export function isDnsLabel(name: string): boolean {
  return DNS_LABEL.test(name);
}

/** A subdomain of RFC 1123 with at most 253 characters: the name of an API group. */
export function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && name.split('.').every(isDnsLabel);
}

const OBJECT_NAME = /^(?!\.{1,2}$)[-\w.:@]+$/;

/**
 * Whether an object can have this name. Nearly all kinds accept only DNS subdomains, but there are others:
 * `system:node` is a ClusterRole, `2001:db8::1` an IPAddress, `jane@example.com` a User. The few kinds that accept
 * any text without `/` and `%` have no objects in practice whose names have further characters.
 *
 * None of the characters ends a string in PromQL or a selector. Except for the dot, which also matches itself,
 * none is special in a regular expression.
 */
export function couldBeObjectName(name: string): boolean {
  return OBJECT_NAME.test(name);
}

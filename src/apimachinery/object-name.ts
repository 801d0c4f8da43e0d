/**
 * What things may be called in Kubernetes.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** A name as RFC 1123 has it: what a namespace, a resource or a version may be called. */
export function isDnsLabel(name: string): boolean {
  return DNS_LABEL.test(name);
}

/** Labels with dots between them, at most 253 characters: what an API group may be called. */
export function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && name.split('.').every(isDnsLabel);
}

const OBJECT_NAME = /^(?!\.{1,2}$)[-\w.:@]+$/;

/**
 * Whether an object can have this name. Nearly all kinds take DNS subdomains only, which these
 * characters are more than enough for: `system:node` is a ClusterRole, `2001:db8::1` an IPAddress,
 * `jane@example.com` a User. The few kinds that take any text without `/` and `%` have no objects
 * in use whose names need more.
 *
 * None of the characters ends a string in PromQL or a selector, and but for the dot, which stands for
 * itself too, none means anything in a regular expression.
 */
export function couldBeObjectName(name: string): boolean {
  return OBJECT_NAME.test(name);
}

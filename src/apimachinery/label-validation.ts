/**
 * The rules of Kubernetes for the keys and values of labels, with the messages of its API server.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 * @see https://pkg.go.dev/k8s.io/apimachinery/pkg/util/validation
 */

const MAX_NAME_BYTES = 63;
const MAX_SUBDOMAIN_BYTES = 253;

const NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const VALUE = `(${NAME})?`;
const DNS_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${DNS_LABEL}(\\.${DNS_LABEL})*`;

const NAME_REGEXP = new RegExp(`^${NAME}$`);
const VALUE_REGEXP = new RegExp(`^${VALUE}$`);
const SUBDOMAIN_REGEXP = new RegExp(`^${SUBDOMAIN}$`);

const NAME_RULE = rule(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  NAME,
  ['MyName', 'my.name', '123-abc'],
);
const VALUE_RULE = rule(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  VALUE,
  ['MyValue', 'my_value', '12345'],
);
const SUBDOMAIN_RULE = rule(
  "a DNS-1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  SUBDOMAIN,
  ['example.com'],
);

/**
 * Validates the key of a label: a name, optionally after a DNS subdomain and `/`.
 *
 * @param key any text
 * @returns one sentence per fault; empty if the key is valid
 */
export function labelKeyFaults(key: string): string[] {
  const parts = key.split('/');
  const [first = '', second] = parts;
  if (parts.length > 2) {
    return [
      `a qualified name ${NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  return second === undefined
    ? prefixed('name part ', nameFaults(first))
    : [
        ...prefixed('prefix part ', subdomainFaults(first)),
        ...prefixed('name part ', nameFaults(second)),
      ];
}

/**
 * Validates the value of a label.
 *
 * @param value any text; the empty one is valid
 * @returns one sentence per fault; empty if the value is valid
 */
export function labelValueFaults(value: string): string[] {
  const faults = lengthFaults(value, MAX_NAME_BYTES);
  return VALUE_REGEXP.test(value) ? faults : [...faults, VALUE_RULE];
}

function nameFaults(name: string): string[] {
  const faults = name === '' ? ['must be non-empty'] : lengthFaults(name, MAX_NAME_BYTES);
  return NAME_REGEXP.test(name) ? faults : [...faults, NAME_RULE];
}

function subdomainFaults(prefix: string): string[] {
  if (prefix === '') {
    return ['must be non-empty'];
  }
  const faults = lengthFaults(prefix, MAX_SUBDOMAIN_BYTES);
  return SUBDOMAIN_REGEXP.test(prefix) ? faults : [...faults, SUBDOMAIN_RULE];
}

/** Kubernetes counts bytes of UTF-8, although its message says characters. */
function lengthFaults(text: string, limit: number): string[] {
  return new TextEncoder().encode(text).length > limit
    ? [`must be no more than ${limit} characters`]
    : [];
}

function prefixed(prefix: string, faults: readonly string[]): string[] {
  return faults.map((fault) => prefix + fault);
}

function rule(sentence: string, regexp: string, examples: readonly string[]): string {
  const quoted = examples.map((example) => `'${example}', `).join(' or ');
  return `${sentence} (e.g. ${quoted}regex used for validation is '${regexp}')`;
}

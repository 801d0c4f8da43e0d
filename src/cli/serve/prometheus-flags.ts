import { byteSize } from '../byte-size.ts';
import type { Reading } from '../flag.ts';
import { flag, MAX_TIMER_MS } from '../flag.ts';
import { headerField, withoutHeaderValue } from '../header-field.ts';

/** The connection to Prometheus. */
export const prometheusFlags = {
  url: flag.parsed<string>({
    name: 'prometheus-url',
    kind: 'url',
    default: 'https://localhost',
    defaultText: '"https://localhost"',
    parse: prometheusUrl,
    show: withoutPassword,
    help: 'The URL of Prometheus, with http or https. Its path is the prefix of the paths of the API. Its query parameters are sent with every request.',
  }),
  verb: flag.oneOf({
    name: 'prometheus-verb',
    words: ['GET', 'POST'],
    default: 'GET',
    help: 'The HTTP method of requests to Prometheus. POST does not limit the length of a query. When a GET is rejected because it is too long, all further requests use POST.',
  }),
  headers: flag.array({
    name: 'prometheus-header',
    kind: 'name=value',
    default: [],
    parse: headerField,
    show: withoutHeaderValue,
    help: 'A header sent with every request to Prometheus, e.g. X-Scope-OrgID=team-a. May be repeated.',
  }),
  inCluster: flag.bool({
    name: 'prometheus-auth-incluster',
    default: false,
    help: "Send the pod's service account token to Prometheus, and trust the cluster's certificate authority.",
  }),
  kubeconfig: flag.string({
    name: 'prometheus-auth-config',
    kind: 'file',
    default: '',
    help: 'A kubeconfig file with the credentials and the certificate authority for Prometheus. Its server is ignored; --prometheus-url applies.',
  }),
  tokenFile: flag.string({
    name: 'prometheus-token-file',
    kind: 'file',
    default: '',
    help: 'A file with the bearer token for Prometheus. It is read again when it changes. It takes precedence over the tokens of --prometheus-auth-incluster and --prometheus-auth-config.',
  }),
  caFile: flag.string({
    name: 'prometheus-ca-file',
    kind: 'file',
    default: '',
    help: 'The certificate authorities (PEM) for the certificate of Prometheus. Without it, those of the system.',
  }),
  clientCertificateFile: flag.string({
    name: 'prometheus-client-tls-cert-file',
    kind: 'file',
    default: '',
    help: 'The client certificate (PEM) for Prometheus. Requires --prometheus-client-tls-key-file.',
  }),
  clientKeyFile: flag.string({
    name: 'prometheus-client-tls-key-file',
    kind: 'file',
    default: '',
    help: 'The private key (PEM) of --prometheus-client-tls-cert-file.',
  }),
  insecureSkipVerify: flag.bool({
    name: 'prometheus-insecure-skip-verify',
    default: false,
    help: 'Do not verify the certificate of Prometheus. A man in the middle can then read the credentials and scale your workloads. For tests only.',
  }),
  timeout: flag.duration({
    name: 'prometheus-timeout',
    default: 30_000,
    from: 1,
    to: MAX_TIMER_MS,
    help: 'The timeout of a query, including the time in the queue. The remaining time is sent to Prometheus as the timeout of the query. Each discovery request has a timeout of two minutes.',
  }),
  connectTimeout: flag.duration({
    name: 'prometheus-connect-timeout',
    default: 750,
    from: 1,
    to: MAX_TIMER_MS,
    help: 'The timeout for a connection to Prometheus, including the DNS lookup.',
  }),
  stallTimeout: flag.duration({
    name: 'prometheus-stall-timeout',
    default: 600,
    from: 0,
    to: MAX_TIMER_MS,
    help: 'When requests wait and Prometheus has not responded to any of them for this long, nor to a trivial probe, it counts as unreachable: waiting requests fail, and new ones fail fast until it responds again. A slow query alone has no such effect. 0: no stall detection.',
  }),
  maxConcurrency: flag.int({
    name: 'prometheus-max-concurrency',
    default: 20,
    from: 1,
    to: 10_000,
    help: "The maximum number of concurrent queries; the default is that of Prometheus's --query.max-concurrency. Further queries wait in a queue that serves users round-robin. A single user gets at most four fifths.",
  }),
  maxQueued: flag.int({
    name: 'prometheus-max-queued',
    default: 1_000,
    from: 0,
    to: 1_000_000,
    help: 'The maximum number of queued queries. Further queries fail at once.',
  }),
  queryMaxAge: flag.duration({
    name: 'query-max-age',
    default: 1_000,
    from: 0,
    to: MAX_TIMER_MS,
    help: 'The maximum age of a response of Prometheus that is reused for another request. Within this time, requests for different objects of a metric become one query for all objects, if this is proved to give the same values. 0: only identical concurrent queries are merged. `sharing: false` in a rule turns all of this off.',
  }),
  partialAnswers: flag.oneOf({
    name: 'prometheus-partial-answers',
    words: ['discovery', 'accept', 'refuse'],
    default: 'discovery',
    help: 'Which partial responses of Prometheus (with a warning or `isPartial`) are used: only those of discovery requests (discovery), all (accept), or none (refuse). A request for values fails if it gets a partial response that is not used.',
  }),
  maxAnswerSize: flag.parsed<number>({
    name: 'prometheus-max-answer-size',
    kind: 'bytes',
    default: 128 * 2 ** 20,
    defaultText: '128Mi',
    parse: byteSize,
    help: 'The maximum size of a response of Prometheus after decompression. Larger responses are rejected. Units: Ki, Mi, Gi.',
  }),
  maxAnswerMemory: flag.parsed<number | undefined>({
    name: 'prometheus-max-answer-memory',
    kind: 'bytes',
    default: undefined,
    defaultText: 'a tenth of the memory limit, between 16Mi and 256Mi',
    parse: byteSize,
    help: 'The memory budget for all responses of Prometheus above 256Ki that are being received, parsed or used. A response larger than two thirds of it is rejected; responses that do not fit wait for others. Units: Ki, Mi, Gi.',
  }),
};

const EXPECTED =
  'a URL with http:// or https:// and a host, e.g. http://prometheus.monitoring:9090';

/** Accepts an absolute URL with `http` or `https`; it is kept as it was written. */
export function prometheusUrl(text: string): Reading<string> {
  const url = /\s/.test(text) ? null : URL.parse(text);
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  // The URL class repairs "http:/host" and "http:host". Go does not, and both are mistakes.
  return isHttp && /^https?:\/\/[^/]/i.test(text) ? { value: text } : { expected: EXPECTED };
}

/** The text without a possible user and password: removes everything before the last `@`. */
export function withoutPassword(text: string): string {
  return text.replace(/^([a-z+.-]*:\/\/)?.*@/isu, '$1…@');
}

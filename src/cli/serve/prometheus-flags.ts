import { byteSize } from '../byte-size.ts';
import { flag, LONGEST_TIMER } from '../flag.ts';
import { headerField, withoutHeaderValue } from '../header-field.ts';
import { prometheusUrl, withoutPassword } from '../prometheus-url.ts';

/** How Prometheus is reached. */
export const prometheusFlags = {
  url: flag.parsed<string>({
    name: 'prometheus-url',
    kind: 'url',
    default: 'https://localhost',
    defaultText: '"https://localhost"',
    parse: prometheusUrl,
    show: withoutPassword,
    help: 'The URL of Prometheus, with http or https. A path in it goes before the paths of the API, query parameters in it are sent with every request.',
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
    help: "Send the pod's own service account token to Prometheus, and trust the cluster's certificate authority.",
  }),
  kubeconfig: flag.string({
    name: 'prometheus-auth-config',
    kind: 'file',
    default: '',
    help: 'A kubeconfig file whose credentials and certificate authority are used for Prometheus. Its server is not: that is --prometheus-url.',
  }),
  tokenFile: flag.string({
    name: 'prometheus-token-file',
    kind: 'file',
    default: '',
    help: 'A file with the bearer token for Prometheus; it is read again when it changes. Goes before the token of --prometheus-auth-incluster and --prometheus-auth-config.',
  }),
  caFile: flag.string({
    name: 'prometheus-ca-file',
    kind: 'file',
    default: '',
    help: "The certificate authorities (PEM) that sign Prometheus's certificate. Without it, those of the system.",
  }),
  clientCertificateFile: flag.string({
    name: 'prometheus-client-tls-cert-file',
    kind: 'file',
    default: '',
    help: 'The client certificate (PEM) shown to Prometheus. Needs --prometheus-client-tls-key-file.',
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
    help: 'Accept any certificate from Prometheus. Whoever is on the way can then read the credentials and scale your workloads: for trying things out only.',
  }),
  timeout: flag.duration({
    name: 'prometheus-timeout',
    default: 30_000,
    from: 1,
    to: LONGEST_TIMER,
    help: 'How long a query may take. Waiting for its turn is part of it; Prometheus is told what is left, so that it stops as well. Each request by which metrics are discovered may take two minutes.',
  }),
  connectTimeout: flag.duration({
    name: 'prometheus-connect-timeout',
    default: 750,
    from: 1,
    to: LONGEST_TIMER,
    help: 'How long it may take until a connection to Prometheus is there, looking up its name included.',
  }),
  stallTimeout: flag.duration({
    name: 'prometheus-stall-timeout',
    default: 600,
    from: 0,
    to: LONGEST_TIMER,
    help: 'When requests wait and Prometheus has answered nothing at all for this long, not even a trivial request that is sent meanwhile, it counts as lost: what waits fails, and so does all else at once until it answers again. A query that takes long does not count as that. 0 turns this off.',
  }),
  maxConcurrency: flag.int({
    name: 'prometheus-max-concurrency',
    default: 20,
    from: 1,
    to: 10_000,
    help: "How many queries Prometheus gets at the same time; the default is that of Prometheus's own --query.max-concurrency. Others wait for their turn: users take turns, and a single user gets at most four fifths.",
  }),
  maxQueued: flag.int({
    name: 'prometheus-max-queued',
    default: 1_000,
    from: 0,
    to: 1_000_000,
    help: 'How many queries may wait for their turn. Beyond that they fail at once.',
  }),
  queryMaxAge: flag.duration({
    name: 'query-max-age',
    default: 1_000,
    from: 0,
    to: LONGEST_TIMER,
    help: "How old an answer of Prometheus may be that is used for another request. Within this time many requests for one metric become one query for all objects, where that is proved to give the same values. 0 turns both off: only identical queries at the same moment are one. A rule's `sharing: false` turns off all of it.",
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
    help: 'Answers from Prometheus that are larger, after decompression, are refused. Units: Ki, Mi, Gi.',
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

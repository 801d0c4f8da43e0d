import { type Flag, flag } from '../flag.ts';

const ignored = {
  effect: 'ignored',
  note: "this program writes no audit log; the API server's own has every request that comes through it. Remove the flag",
} as const;

/** The audit log of Kubernetes' API servers: accepted, but there is none here. */
export const auditFlags: readonly Flag<unknown>[] = [
  flag.string({
    name: 'audit-policy-file',
    kind: 'file',
    default: '',
    help: 'Which requests are audited.',
    ...ignored,
  }),
  flag.string({
    name: 'audit-log-path',
    kind: 'file',
    default: '',
    help: 'Where the audit log is written.',
    ...ignored,
  }),
  flag.int({
    name: 'audit-log-maxage',
    default: 0,
    help: 'Days that old audit logs are kept.',
    ...ignored,
  }),
  flag.int({
    name: 'audit-log-maxbackup',
    default: 0,
    help: 'How many old audit logs are kept.',
    ...ignored,
  }),
  flag.int({
    name: 'audit-log-maxsize',
    default: 0,
    help: 'Megabytes after which a new audit log is begun.',
    ...ignored,
  }),
  flag.bool({
    name: 'audit-log-compress',
    default: false,
    help: 'Compress old audit logs.',
    ...ignored,
  }),
  flag.oneOf({
    name: 'audit-log-format',
    words: ['json', 'legacy'],
    default: 'json',
    help: 'How the audit log is written.',
    ...ignored,
  }),
  ...backendFlags('log', { mode: 'blocking', maxSize: 1, maxWait: 0, throttle: false }),
  flag.string({
    name: 'audit-webhook-config-file',
    kind: 'file',
    default: '',
    help: 'A kubeconfig file for where audit events are sent.',
    ...ignored,
  }),
  flag.duration({
    name: 'audit-webhook-initial-backoff',
    default: 10_000,
    help: 'Pause before audit events are sent again.',
    ...ignored,
  }),
  flag.duration({
    name: 'audit-webhook-batch-initial-backoff',
    default: 10_000,
    help: 'Pause before audit events are sent again.',
    deprecated: 'use --audit-webhook-initial-backoff',
    ...ignored,
  }),
  ...backendFlags('webhook', { mode: 'batch', maxSize: 400, maxWait: 30_000, throttle: true }),
];

interface BackendDefaults {
  readonly mode: 'batch' | 'blocking';
  readonly maxSize: number;
  /** Milliseconds. */
  readonly maxWait: number;
  readonly throttle: boolean;
}

/** The flags that both places for audit events have. */
function backendFlags(backend: 'log' | 'webhook', defaults: BackendDefaults): Flag<unknown>[] {
  const name = (rest: string) => `audit-${backend}-${rest}`;
  return [
    flag.oneOf({
      name: name('mode'),
      words: ['batch', 'blocking', 'blocking-strict'],
      default: defaults.mode,
      help: 'Whether audit events are buffered.',
      ...ignored,
    }),
    flag.string({
      name: name('version'),
      default: 'audit.k8s.io/v1',
      help: 'API group and version of audit events.',
      ...ignored,
    }),
    flag.int({
      name: name('batch-buffer-size'),
      default: 10_000,
      help: 'Audit events that are buffered.',
      ...ignored,
    }),
    flag.int({
      name: name('batch-max-size'),
      default: defaults.maxSize,
      help: 'Audit events in a batch.',
      ...ignored,
    }),
    flag.duration({
      name: name('batch-max-wait'),
      default: defaults.maxWait,
      help: 'How long a batch may take to fill.',
      ...ignored,
    }),
    flag.bool({
      name: name('batch-throttle-enable'),
      default: defaults.throttle,
      help: 'Limit batches per second.',
      ...ignored,
    }),
    flag.float({
      name: name('batch-throttle-qps'),
      default: defaults.throttle ? 10 : 0,
      help: 'Batches per second.',
      ...ignored,
    }),
    flag.int({
      name: name('batch-throttle-burst'),
      default: defaults.throttle ? 15 : 0,
      help: 'Batches that may come at once.',
      ...ignored,
    }),
    flag.bool({
      name: name('truncate-enabled'),
      default: false,
      help: 'Shorten large audit events.',
      ...ignored,
    }),
    flag.int({
      name: name('truncate-max-batch-size'),
      default: 10_485_760,
      to: Number.MAX_SAFE_INTEGER,
      help: 'Bytes of a batch.',
      ...ignored,
    }),
    flag.int({
      name: name('truncate-max-event-size'),
      default: 102_400,
      to: Number.MAX_SAFE_INTEGER,
      help: 'Bytes of an audit event.',
      ...ignored,
    }),
  ];
}

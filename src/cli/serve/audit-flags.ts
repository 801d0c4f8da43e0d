import { type Flag, flag } from '../flag.ts';

const ignored = {
  effect: 'ignored',
  note: 'this program writes no audit log; that of the API server has every request that it forwards. Remove the flag',
} as const;

/** The flags for the audit log of Kubernetes API servers. They are accepted without effect. */
export const auditFlags: readonly Flag<unknown>[] = [
  flag.string({
    name: 'audit-policy-file',
    kind: 'file',
    default: '',
    help: 'The audit policy.',
    ...ignored,
  }),
  flag.string({
    name: 'audit-log-path',
    kind: 'file',
    default: '',
    help: 'The path of the audit log.',
    ...ignored,
  }),
  flag.int({
    name: 'audit-log-maxage',
    default: 0,
    help: 'How long old audit logs are kept, in days.',
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
    help: 'The size at which the audit log is rotated, in megabytes.',
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
    help: 'The format of the audit log.',
    ...ignored,
  }),
  ...backendFlags('log', { mode: 'blocking', maxSize: 1, maxWait: 0, throttle: false }),
  flag.string({
    name: 'audit-webhook-config-file',
    kind: 'file',
    default: '',
    help: 'A kubeconfig file for the server that receives audit events.',
    ...ignored,
  }),
  flag.duration({
    name: 'audit-webhook-initial-backoff',
    default: 10_000,
    help: 'The backoff before the first retry.',
    ...ignored,
  }),
  flag.duration({
    name: 'audit-webhook-batch-initial-backoff',
    default: 10_000,
    help: 'The backoff before the first retry.',
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

/** The flags that both backends of the audit log have. */
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
      help: 'The number of buffered audit events.',
      ...ignored,
    }),
    flag.int({
      name: name('batch-max-size'),
      default: defaults.maxSize,
      help: 'The maximum number of audit events in a batch.',
      ...ignored,
    }),
    flag.duration({
      name: name('batch-max-wait'),
      default: defaults.maxWait,
      help: 'The maximum wait until a batch is written.',
      ...ignored,
    }),
    flag.bool({
      name: name('batch-throttle-enable'),
      default: defaults.throttle,
      help: 'Whether the rate of batches is limited.',
      ...ignored,
    }),
    flag.float({
      name: name('batch-throttle-qps'),
      default: defaults.throttle ? 10 : 0,
      help: 'The maximum rate of batches, per second.',
      ...ignored,
    }),
    flag.int({
      name: name('batch-throttle-burst'),
      default: defaults.throttle ? 15 : 0,
      help: 'The maximum burst of batches.',
      ...ignored,
    }),
    flag.bool({
      name: name('truncate-enabled'),
      default: false,
      help: 'Truncate large audit events.',
      ...ignored,
    }),
    flag.int({
      name: name('truncate-max-batch-size'),
      default: 10_485_760,
      to: Number.MAX_SAFE_INTEGER,
      help: 'The maximum size of a batch, in bytes.',
      ...ignored,
    }),
    flag.int({
      name: name('truncate-max-event-size'),
      default: 102_400,
      to: Number.MAX_SAFE_INTEGER,
      help: 'The maximum size of an audit event, in bytes.',
      ...ignored,
    }),
  ];
}

import { type Flag, flag } from '../flag.ts';
import { parseGoBool } from '../go-literals.ts';

const NO_GO_PROFILER =
  'there is no Go profiler; NODE_OPTIONS turns on that of Node.js, e.g. --cpu-prof. Remove the flag';

/** Features of Kubernetes API servers without a counterpart. */
export const featureFlags: readonly Flag<unknown>[] = [
  flag.bool({
    name: 'profiling',
    default: true,
    effect: 'ignored',
    note: NO_GO_PROFILER,
    help: 'Serve profiles at /debug/pprof.',
  }),
  flag.bool({
    name: 'contention-profiling',
    default: false,
    effect: 'ignored',
    note: NO_GO_PROFILER,
    help: 'Profile lock contention.',
  }),
  flag.string({
    name: 'debug-socket-path',
    kind: 'file',
    default: '',
    effect: 'ignored',
    note: NO_GO_PROFILER,
    help: 'A Unix socket to serve profiles on.',
  }),
  flag.bool({
    name: 'enable-priority-and-fairness',
    default: true,
    effect: 'ignored',
    note: 'the API server queues requests before it forwards them. Remove the flag',
    help: 'Queue requests by priority.',
  }),
  flag.map({
    name: 'feature-gates',
    kind: 'feature=bool,...',
    default: new Map(),
    expected: 'feature=true or feature=false, separated by commas',
    parse: parseGoBool,
    effect: 'ignored',
    note: "the feature gates of Kubernetes' Go libraries have no counterpart. Remove the flag",
    help: 'Turn experimental features on or off.',
  }),
];

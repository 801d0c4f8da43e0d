import { type Flag, flag } from '../flag.ts';
import { parseGoBool } from '../go-literals.ts';

const NO_GO_PROFILER =
  "there is no Go profiler here; Node.js's is turned on with NODE_OPTIONS, e.g. --cpu-prof. Remove the flag";

/** Features of Kubernetes' API servers that have no counterpart here. */
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
    help: 'Profile waiting for locks.',
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
    note: 'requests are not queued here; the API server does before it passes them on. Remove the flag',
    help: 'Queue requests by priority.',
  }),
  flag.map({
    name: 'feature-gates',
    kind: 'feature=bool,...',
    default: new Map(),
    expected: 'feature=true or feature=false, separated by commas',
    parse: parseGoBool,
    effect: 'ignored',
    note: "the gates of Kubernetes' Go libraries have no counterpart here. Remove the flag",
    help: 'Turn experimental features on or off.',
  }),
];

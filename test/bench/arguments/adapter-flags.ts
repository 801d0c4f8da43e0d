import type { BenchFlag } from './bench-arguments.ts';

/** Of every benchmark: the format of its result. */
export const resultFlags: Readonly<Record<string, BenchFlag>> = {
  json: { value: 'FILE', help: 'where the result goes; default: test/bench/results/<bench>.json' },
  markdown: { help: 'print the table as in docs/performance.md' },
  help: { help: 'print this' },
};

/** Of benches that start an adapter: which one. */
export const startedAdapterFlags: Readonly<Record<string, BenchFlag>> = {
  program: {
    value: 'FILE',
    default: 'dist/main.js',
    help: 'the adapter: ours, or another program that takes the flags of prometheus-adapter',
  },
  'adapter-flag': { value: 'FLAG', repeated: true, help: 'one more flag for it; repeatable' },
  'node-flag': {
    value: 'FLAG',
    repeated: true,
    help: 'a flag for Node.js, where the program is JavaScript, e.g. --cpu-prof; repeatable',
  },
};

/** Of benches that ask an adapter: one that runs already. */
export const runningAdapterFlags: Readonly<Record<string, BenchFlag>> = {
  url: { value: 'URL', help: 'an adapter that runs already; none is started then' },
  pid: { value: 'ID', help: 'its process on this machine, for CPU and memory' },
  ca: { value: 'FILE', help: 'the authority of its certificate; without it, any is accepted' },
  cert: { value: 'FILE', help: 'the client certificate to show to it' },
  key: { value: 'FILE', help: 'and its key' },
  token: { value: 'TEXT', help: 'the bearer token to show to it' },
  header: { value: 'NAME:VALUE', repeated: true, help: 'a header to send to it; repeatable' },
  paths: {
    value: 'FILE',
    help: 'the paths to ask it for, one a line; default: those of the environment',
  },
};

/** Flags of benches that start a cluster and a Prometheus, or use running ones. */
export const environmentFlags: Readonly<Record<string, BenchFlag>> = {
  pods: { value: 'N', default: '2000', help: 'pods of the cluster' },
  selectors: { value: 'N', default: '200', help: 'workloads that they belong to' },
  environment: {
    value: 'FILE',
    help: 'what test/bench/environment.ts has printed: its servers instead of new ones',
  },
};

// Series and rules for the tests of the sharing of queries.
import fc from 'fast-check';

export const NAMESPACES = ['shop', 'bank', 'shop-2'] as const;
/** The dot of the first matches the second as a regular expression. */
export const PODS = ['web.0', 'webx0', 'db', 'job-7'] as const;
const CONTAINERS = ['app', 'proxy'] as const;

/** How many sets of series there are side by side; metrics of set 3 are called `…_3`. */
export const WORLDS = 8;

/** A sample each 15 s for 5 minutes, which is more than any range below. */
const STEPS = Array.from({ length: 21 }, (_, step) => step * 15);

interface Labels {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Now and then a label is missing, or a series as a whole. */
const worldArbitrary = fc.array(
  fc.record({
    labels: fc.record<Labels>({
      namespace: fc.constantFrom(...NAMESPACES, ...NAMESPACES, ''),
      pod: fc.constantFrom(...PODS, ...PODS, ''),
      container: fc.constantFrom(...CONTAINERS, ...CONTAINERS, ''),
    }),
    metric: fc.constantFrom('depth', 'limit', 'requests_total', 'latency_bucket'),
    start: fc.double({ min: -1000, max: 1000, noNaN: true }),
    slope: fc.constantFrom(0, 0, 0.1, 1, 3.7),
    special: fc.constantFrom('', '', '', '', 'NaN', '+Inf'),
  }),
  { minLength: 20, maxLength: 60 },
);

/** Samples of all worlds up to `now` (seconds) as OpenMetrics text. */
export function history(now: number): string {
  const lines = new Map<string, string[]>();
  for (const [world, series] of fc.sample(worldArbitrary, { numRuns: WORLDS, seed: 7 }).entries()) {
    for (const { labels, metric, start, slope, special } of series) {
      for (const le of metric === 'latency_bucket' ? ['0.1', '1', '+Inf'] : ['']) {
        const written = Object.entries({ ...labels, le })
          .filter(([, value]) => value !== '')
          .map(([label, value]) => `${label}="${value}"`);
        const key = `${metric}_${world}{${written.join(',')}}`;
        const first = special === '' || metric.includes('_') ? start : Number.NaN;
        const samples = STEPS.map((step) => {
          const value = special !== '' && metric === 'limit' ? special : first + slope * step;
          return `${key} ${value} ${now - 300 + step}`;
        });
        if (!lines.has(key)) lines.set(key, samples);
      }
    }
  }
  // promtool wants the samples of one metric together; gauges take any name and value.
  const sorted = [...lines.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${sorted.flatMap(([, samples]) => samples).join('\n')}\n# EOF\n`;
}

/** Mostly of the usual ones: one that is not separable anywhere makes the whole query so. */
function mostly<T>(usual: readonly T[], unusual: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { arbitrary: fc.constantFrom(...usual), weight: 9 },
    { arbitrary: fc.constantFrom(...unusual), weight: 1 },
  );
}

const matchers = mostly(
  [
    '<<.LabelMatchers>>',
    '<<.LabelMatchers>>,container!=""',
    'namespace="<<index .LabelValuesByName "namespace">>",pod=~"<<index .LabelValuesByName "pod">>"',
  ],
  ['pod=~"<<index .LabelValuesByName "pod">>"', 'container!=""'],
);
const grouping = mostly(
  [
    'by (<<.GroupBy>>)',
    'by (<<.GroupBy>>)',
    'by (<<.GroupBy>>, container)',
    'by (le, pod)',
    'by (namespace, pod)',
  ],
  ['by (container)', 'without (container)', 'without (namespace)', ''],
);
const aggregation = fc.constantFrom('sum', 'avg', 'max', 'count', 'stddev', 'group');
const matching = mostly(
  ['', 'on (pod)', 'on (pod) group_left ()'],
  ['on (namespace, pod)', 'on (pod, container)', 'ignoring (container)', 'on (container)'],
);
const operator = fc.constantFrom('+', '-', '/', '*', '>', '== bool', '% ');
const setOperator = fc.constantFrom('and', 'or', 'unless');

/** Templates of queries, of which some are separable by object. `W` stands for the world. */
export const templateArbitrary: fc.Arbitrary<string> = fc.letrec<{
  vector: string;
  leaf: string;
  grouped: string;
  whole: string;
}>((tie) => ({
  leaf: fc.oneof(
    fc
      .tuple(fc.constantFrom('depth', 'limit', 'requests_total', 'latency_bucket'), matchers)
      .map(([name, matched]) => `${name}_W{${matched}}`),
    fc
      .tuple(fc.constantFrom('rate', 'increase', 'last_over_time', 'changes'), matchers)
      .map(([name, matched]) => `${name}(requests_total_W{${matched}}[2m])`),
    matchers.map((matched) => `depth_W{${matched}} offset 1m`),
    matchers.map((matched) => `rate(latency_bucket_W{${matched}}[3m] offset 30s)`),
  ),
  grouped: fc
    .tuple(aggregation, grouping, tie('vector'))
    .map(([name, by, inner]) => `${name} ${by} (${inner})`),
  whole: fc.oneof(
    tie('grouped'),
    tie('vector').map((inner) => `sum by (<<.GroupBy>>) (${inner})`),
  ),
  vector: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { arbitrary: tie('leaf'), weight: 4 },
    { arbitrary: tie('grouped'), weight: 6 },
    {
      arbitrary: fc
        .tuple(tie('grouped'), operator, matching, tie('grouped'))
        .map(([a, op, how, b]) => `(${a} ${op} ${how} ${b})`),
      weight: 4,
    },
    {
      arbitrary: fc
        .tuple(tie('vector'), setOperator, fc.constantFrom('', '', 'on (pod)'), tie('vector'))
        .map(([a, op, how, b]) => `(${a} ${op} ${how} ${b})`),
      weight: 2,
    },
    {
      arbitrary: fc
        .tuple(
          tie('vector'),
          mostly(
            [
              'V * 100',
              '(1000 - V)',
              '-(V)',
              'abs(V)',
              'clamp_min(V, 0)',
              '(time() - timestamp(V))',
              'max_over_time((V)[1m:30s])',
              'histogram_quantile(0.9, V)',
              'label_replace(V, "tier", "$1", "pod", "(.).*")',
            ],
            [
              'label_replace(V, "pod", "all", "pod", ".*")',
              'topk(1, V)',
              '(V or vector(7))',
              '(V * scalar(V))',
              'absent(V)',
            ],
          ),
        )
        .map(([inner, outer]) => outer.replaceAll('V', () => inner)),
      weight: 4,
    },
  ),
})).whole;

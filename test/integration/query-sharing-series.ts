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
  // promtool requires the samples of one metric to be together; gauges can have any name and value.
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
    'by (namespace, pod, container)',
    'without (le)',
  ],
  ['by (container)', 'without (container)', 'without (namespace)', 'by (pod, __name__)', ''],
);
const aggregation = fc.constantFrom('sum', 'avg', 'max', 'count', 'stddev', 'group');
const matching = mostly(
  ['', 'on (pod)', 'on (pod) group_left ()', 'on (pod) group_left (container)'],
  [
    ...['on (namespace, pod)', 'on (pod, container)', 'ignoring (container)', 'on (container)'],
    ...['on (pod) group_left (namespace)', 'on (namespace, pod) group_right ()', 'ignoring (le)'],
    ...['on (pod, __name__)', 'ignoring (container) group_left ()', 'on (pod) group_right (le)'],
  ],
);
const setMatching = mostly(
  ['', '', 'on (pod)', 'on (pod, namespace)'],
  ['on (pod, __name__)', 'on (namespace, pod, __name__)', 'on (pod, container)', 'ignoring (le)'],
);
const operator = fc.constantFrom('+', '-', '/', '*', '>', '!=', '<=', '== bool', '% ');
const setOperator = fc.constantFrom('and', 'or', 'unless');

/**
 * Queries of which a proof that overlooks one thing would be wrong: labels of parts that differ, a
 * label made of the namespace that one side has lost, the name of the metric. `A`, `B` and `C` are
 * vectors.
 */
const TRAPS = [
  'abs(sum by (pod) (A) or sum by (pod, container) (B))',
  '(sum by (pod, container) (A) or sum by (pod) (B)) + 1',
  'sum by (pod) (abs(A) or on (pod) B) or B',
  '(sum by (pod) (A) or B)',
  'count by (pod) (sum by (pod, namespace) (A) or B)',
  'count by (pod) (sum by (namespace, pod) (sum by (pod) (A)) or sum by (pod, namespace) (B))',
  'count by (pod) (J(sum by (pod, container) (A)) * on (pod, tier) group_right () J(B))',
  'count by (pod) (J(A) and on (pod, tier) J(sum by (pod, container) (B)))',
  'J(sum by (pod) (A)) == on (pod, tier) J(sum by (pod, namespace) (B))',
  'count by (pod) ((A * on (pod) group_left (namespace) sum by (pod) (B)) and on (namespace, pod) C)',
  'sum by (pod) ((A * on (pod) group_left (namespace) max by (pod) (B)) unless on (namespace, pod) C)',
  '(A > sum by (namespace, pod) (B)) or on (namespace, pod, __name__) (limit_W{M} > max by (namespace, pod) (B))',
  'last_over_time(((depth_W{M} >= sum by (namespace, pod) (depth_W{M})) or limit_W{M} >= max by (namespace, pod) (limit_W{M}))[2m:15s])',
  'max by (pod) (A) * on (pod) group_right (container) sum by (pod, container) (B)',
  'sum by (pod) (A) * on (pod) group_left (container) max by (pod, container) (B)',
  '(max by (pod) (A) > on (pod) min by (pod) (B)) or sum by (pod) (A)',
  'count without (container) (sum by (pod, container) (A))',
  'sum by (pod) (A / ignoring (namespace) B)',
  'sum by (pod) (sum without (namespace) (A) * on (pod) group_left () max by (pod) (B))',
  'sum by (pod) (label_replace(A, "namespace", "shop", "container", "app") and B)',
  'sum by (pod) (A) unless on (namespace, pod) sum by (pod) (B)',
  'sum by (pod) (A) and sum by (pod, namespace) (B)',
  'count by (pod) ((A or on (pod) sum by (pod) (B)) and on (namespace, pod) C)',
  'count by (pod) ((max by (namespace, pod) (A) * on (pod) min by (namespace, pod) (B)) or sum by (namespace, pod) (C))',
  'max by (pod) (A) * on (pod) group_right () sum by (pod, container) (B)',
  'sum by (pod) (max by (pod, namespace) (A) / ignoring (pod) min by (namespace) (B))',
] as const;

const JOINS = [
  'label_join(V, "tier", "-", "container", "namespace")',
  'label_join(V, "tier", "-", "namespace", "container")',
  'label_join(V, "tier", "-", "pod", "container")',
  'label_replace(V, "tier", "$1", "namespace", "(.*)")',
  'label_replace(V, "tier", "$1", "pod", "(.).*")',
] as const;

/** Templates of queries, of which some are separable by object. `W` stands for the world. */
export const templateArbitrary: fc.Arbitrary<string> = fc.letrec<{
  vector: string;
  leaf: string;
  grouped: string;
  trap: string;
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
    matchers.map((matched) => `{__name__="depth_W",${matched}}`),
    matchers.map((matched) => `rate(latency_bucket_W{${matched}}[3m] offset 30s)`),
  ),
  grouped: fc
    .tuple(aggregation, grouping, tie('vector'))
    .map(([name, by, inner]) => `${name} ${by} (${inner})`),
  trap: fc
    .tuple(
      fc.constantFrom(...TRAPS),
      fc.constantFrom(...JOINS),
      fc.tuple(tie('leaf'), tie('leaf'), tie('leaf')),
    )
    .map(([trap, join, [a, b, c]]) =>
      trap
        .replaceAll(/J\((?<inner>(?:[^()]|\([^()]*\))*)\)/g, (_, inner) =>
          join.replace('V', () => inner),
        )
        .replaceAll(/\bA\b/g, () => a)
        .replaceAll(/\bB\b/g, () => b)
        .replaceAll(/\bC\b/g, () => c)
        .replaceAll('{M}', '{<<.LabelMatchers>>}'),
    ),
  whole: fc.oneof(
    { arbitrary: tie('trap'), weight: 4 },
    tie('grouped'),
    tie('vector'),
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
        .tuple(tie('vector'), operator, matching, tie('vector'))
        .map(([a, op, how, b]) => `(${a} ${op} ${how} ${b})`),
      weight: 2,
    },
    {
      arbitrary: fc
        .tuple(tie('vector'), setOperator, setMatching, tie('vector'))
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
              'last_over_time((V)[1m:30s])',
              'label_replace(V, "tier", "$1", "pod", "(.).*")',
              'label_replace(V, "container", "", "container", ".*")',
              'label_join(V, "tier", "-", "container", "pod")',
              'quantile by (<<.GroupBy>>) (0.3, V)',
            ],
            [
              'label_replace(V, "pod", "all", "pod", ".*")',
              'label_replace(V, "tier", "$1", "namespace", "(.).*")',
              'label_join(V, "tier", "-", "container", "namespace")',
              'label_join(V, "namespace", "-", "container")',
              'topk(1, V)',
              'count_values by (pod) ("tier", V)',
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

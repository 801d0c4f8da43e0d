import { type Availability, BEFORE_3, NEWER, SINCE_2_53 } from './availability.ts';

/** The type of an expression; `unknown` if a fault or an unchecked part hides it. */
export type ExpressionType = 'scalar' | 'vector' | 'matrix' | 'string';

export interface FunctionSignature {
  /** The types of the arguments. The last one also applies to further arguments. */
  readonly parameters: readonly ExpressionType[];
  readonly least: number;
  /** Infinity: no limit. */
  readonly most: number;
  readonly result: ExpressionType;
}

type Entry = readonly [name: string, signature: FunctionSignature];

const VECTOR_TO_VECTOR = [
  ...['abs', 'absent', 'acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'ceil', 'cos', 'cosh'],
  ...['deg', 'exp', 'floor', 'histogram_avg', 'histogram_count', 'histogram_stddev'],
  ...['histogram_stdvar', 'histogram_sum', 'ln', 'log10', 'log2', 'rad', 'sgn', 'sin', 'sinh'],
  ...['sort', 'sort_desc', 'sqrt', 'start_timestamp', 'tan', 'tanh', 'timestamp'],
];

const MATRIX_TO_VECTOR = [
  ...['absent_over_time', 'avg_over_time', 'changes', 'count_over_time', 'delta', 'deriv'],
  ...['first_over_time', 'idelta', 'increase', 'irate', 'last_over_time', 'mad_over_time'],
  ...['max_over_time', 'min_over_time', 'present_over_time', 'rate', 'resets'],
  ...['stddev_over_time', 'stdvar_over_time', 'sum_over_time', 'ts_of_first_over_time'],
  ...['ts_of_last_over_time', 'ts_of_max_over_time', 'ts_of_min_over_time'],
];

const PART_OF_DATE = [
  ...['day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute', 'month'],
  'year',
];

const NO_ARGUMENTS_TO_SCALAR = ['end', 'pi', 'range', 'start', 'step', 'time'];

/**
 * The functions of PromQL with their signatures: those of Prometheus 2.42 and of every 3.x, including the
 * experimental ones, which may be enabled.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/functions/
 */
export const FUNCTIONS: ReadonlyMap<string, FunctionSignature> = new Map<string, FunctionSignature>(
  [
    ...VECTOR_TO_VECTOR.map((name): Entry => [name, takes(['vector'])]),
    ...MATRIX_TO_VECTOR.map((name): Entry => [name, takes(['matrix'])]),
    ...PART_OF_DATE.map((name): Entry => [name, takes(['vector'], { least: 0 })]),
    ...NO_ARGUMENTS_TO_SCALAR.map((name): Entry => [name, takes([], { result: 'scalar' })]),
    ['clamp', takes(['vector', 'scalar', 'scalar'])],
    ['clamp_max', takes(['vector', 'scalar'])],
    ['clamp_min', takes(['vector', 'scalar'])],
    ['double_exponential_smoothing', takes(['matrix', 'scalar', 'scalar'])],
    ['histogram_fraction', takes(['scalar', 'scalar', 'vector'])],
    ['histogram_quantile', takes(['scalar', 'vector'])],
    ['histogram_quantiles', takes(['vector', 'string', 'scalar'], { most: 12 })],
    // Renamed to double_exponential_smoothing in Prometheus 3.
    ['holt_winters', takes(['matrix', 'scalar', 'scalar'])],
    ['info', takes(['vector', 'vector'], { least: 1 })],
    ['integral', takes(['matrix', 'scalar'], { least: 1 })],
    ['label_join', takes(['vector', 'string', 'string', 'string'], { least: 3, most: Infinity })],
    ['label_replace', takes(['vector', 'string', 'string', 'string', 'string'])],
    ['predict_linear', takes(['matrix', 'scalar'])],
    ['quantile_over_time', takes(['scalar', 'matrix'])],
    ['round', takes(['vector', 'scalar'], { least: 1 })],
    ['scalar', takes(['vector'], { result: 'scalar' })],
    ['sort_by_label', takes(['vector', 'string'], { least: 1, most: Infinity })],
    ['sort_by_label_desc', takes(['vector', 'string'], { least: 1, most: Infinity })],
    ['vector', takes(['scalar'])],
  ],
);

/**
 * The aggregation operators, as functions of their arguments.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/operators/#aggregation-operators
 */
export const AGGREGATIONS: ReadonlyMap<string, FunctionSignature> = new Map<
  string,
  FunctionSignature
>([
  ...['avg', 'count', 'group', 'max', 'min', 'stddev', 'stdvar', 'sum'].map(
    (name): Entry => [name, takes(['vector'])],
  ),
  ...['bottomk', 'limit_ratio', 'limitk', 'quantile', 'topk'].map(
    (name): Entry => [name, takes(['scalar', 'vector'])],
  ),
  ['count_values', takes(['string', 'vector'])],
]);

const EXPERIMENTAL = 'promql-experimental-functions';
const EXPERIMENTAL_IN_2_53: Availability = { ...SINCE_2_53, feature: EXPERIMENTAL };
const EXPERIMENTAL_IN_3_5: Availability = { versions: ['3.5'], feature: EXPERIMENTAL };

const AVAILABILITIES: ReadonlyMap<string, Availability> = new Map(
  Object.entries({
    double_exponential_smoothing: EXPERIMENTAL_IN_3_5,
    end: NEWER,
    first_over_time: NEWER,
    histogram_avg: SINCE_2_53,
    histogram_quantiles: NEWER,
    histogram_stddev: SINCE_2_53,
    histogram_stdvar: SINCE_2_53,
    holt_winters: BEFORE_3,
    info: EXPERIMENTAL_IN_3_5,
    integral: NEWER,
    limit_ratio: EXPERIMENTAL_IN_3_5,
    limitk: EXPERIMENTAL_IN_3_5,
    mad_over_time: EXPERIMENTAL_IN_2_53,
    range: NEWER,
    sort_by_label: EXPERIMENTAL_IN_2_53,
    sort_by_label_desc: EXPERIMENTAL_IN_2_53,
    start: NEWER,
    start_timestamp: NEWER,
    step: NEWER,
    ts_of_first_over_time: NEWER,
    ts_of_last_over_time: EXPERIMENTAL_IN_3_5,
    ts_of_max_over_time: EXPERIMENTAL_IN_3_5,
    ts_of_min_over_time: EXPERIMENTAL_IN_3_5,
  }),
);

/** The releases that have a function or aggregation; undefined: all from 2.42 on. */
export function availabilityOf(name: string): Availability | undefined {
  return AVAILABILITIES.get(name);
}

function takes(
  parameters: readonly ExpressionType[],
  options: { least?: number; most?: number; result?: ExpressionType } = {},
): FunctionSignature {
  return {
    parameters,
    least: options.least ?? parameters.length,
    most: options.most ?? parameters.length,
    result: options.result ?? 'vector',
  };
}

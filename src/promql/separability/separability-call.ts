import type { PromqlNode } from '../syntax/fold.ts';
import { nameAt } from '../syntax/parse.ts';
import {
  NotSeparable,
  type Part,
  type Question,
  type Vector,
  without,
} from './separability-part.ts';

/** Functions that convert each sample or series independently, and keep its labels. */
const EACH_BY_ITSELF: ReadonlySet<string> = new Set([
  ...['abs', 'acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'ceil', 'cos', 'cosh', 'deg'],
  ...['exp', 'floor', 'ln', 'log10', 'log2', 'rad', 'round', 'sgn', 'sin', 'sinh', 'sqrt', 'tan'],
  ...['tanh', 'clamp', 'clamp_max', 'clamp_min', 'timestamp', 'sort', 'sort_desc'],
  ...['day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute', 'month'],
  ...['year', 'histogram_avg', 'histogram_count', 'histogram_sum'],
  ...['avg_over_time', 'changes', 'count_over_time', 'delta', 'deriv', 'first_over_time'],
  ...['idelta', 'increase', 'irate', 'last_over_time', 'mad_over_time', 'max_over_time'],
  ...['min_over_time', 'present_over_time', 'rate', 'resets', 'stddev_over_time'],
  ...['stdvar_over_time', 'sum_over_time', 'quantile_over_time', 'predict_linear'],
  ...['double_exponential_smoothing', 'holt_winters'],
]);

const SCALARS: ReadonlySet<string> = new Set(['pi', 'time']);

const BUCKET: ReadonlySet<string> = new Set(['le']);

/** Specific reasons for some of the other functions. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['absent', 'returns a sample for missing series'],
  ['absent_over_time', 'returns a sample for missing series'],
  ['scalar', 'returns one number for all samples'],
  ['vector', 'returns a sample without an object'],
]);

/** A function call such as `rate(x[5m])`. */
export function separateCall(
  question: Question,
  node: PromqlNode,
  operands: readonly Part[],
): Part {
  const name = nameAt(question.text, node.from);
  if (SCALARS.has(name)) return { type: 'scalar' };
  const inner = operands.find((operand) => operand.type === 'vector');
  if (inner === undefined) {
    throw new NotSeparable(
      `\`${name}\` ${REASONS.get(name) ?? 'returns a sample without an object'}`,
    );
  }
  if (EACH_BY_ITSELF.has(name)) return inner;
  switch (name) {
    case 'histogram_quantile':
      checkLabel(name, 'le', question);
      return { ...inner, labels: without(inner.labels, BUCKET) };
    case 'label_replace':
      return relabelled(name, question, inner, operands, operands.slice(3, 4));
    case 'label_join':
      return relabelled(name, question, inner, operands, operands.slice(3));
    default:
      throw new NotSeparable(`\`${name}\` ${REASONS.get(name) ?? 'is not analyzed'}`);
  }
}

/** The target must not be the label of the object or namespace, and the sources must not be the namespace. */
function relabelled(
  name: string,
  question: Question,
  inner: Vector,
  operands: readonly Part[],
  sources: readonly Part[],
): Vector {
  const target = operands[1];
  if (target?.type !== 'string') throw new NotSeparable(`\`${name}\` writes no certain label`);
  checkLabel(name, target.text, question);
  for (const source of sources) {
    const label = source.type === 'string' ? source.text : undefined;
    // The query for all objects has this label even if the query for one object has lost it.
    if (label === question.namespace?.label) {
      throw new NotSeparable(`\`${name}\` reads the label \`${label}\``);
    }
  }
  return { ...inner, labels: 'any' };
}

function checkLabel(name: string, label: string, { object, namespace }: Question): void {
  if (label === object.label || label === namespace?.label || label === '__name__') {
    throw new NotSeparable(`\`${name}\` changes the label \`${label}\``);
  }
}

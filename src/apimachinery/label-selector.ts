import { parseInt64 } from './int64.ts';

/** A text is not a selector, or a selector cannot be written in the requested form. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

/** The operators of k8s.io/apimachinery/pkg/selection. `!` is "does not exist". */
export type RequirementOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

/** One condition on the labels of an object or a metric. */
export interface Requirement {
  readonly key: string;
  readonly operator: RequirementOperator;
  /**
   * Sorted and distinct. None for `exists` and `!`, at least one for `in` and `notin`, exactly one for the
   * others. For `gt` and `lt` it is an integer in the range of int64.
   */
  readonly values: readonly string[];
}

/** Conditions that must all be met, sorted by key. An empty list selects everything. */
export type LabelSelector = readonly Requirement[];

/** A LabelSelectorRequirement of meta/v1. */
export interface LabelSelectorExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

/** A LabelSelector of meta/v1. */
export interface LabelSelectorObject {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly LabelSelectorExpression[];
}

/**
 * Formats a label selector. `parseLabelSelector` is the inverse.
 *
 * @see https://pkg.go.dev/k8s.io/apimachinery/pkg/labels#Requirement.String
 */
export function formatLabelSelector(selector: LabelSelector): string {
  return selector.map(formatRequirement).join(',');
}

/**
 * Whether labels meet every requirement of a selector. A missing label meets only `!=`,
 * `notin` and `!`. Only integers in the range of int64 meet `gt` and `lt`.
 *
 * @see https://pkg.go.dev/k8s.io/apimachinery/pkg/labels#Requirement.Matches
 */
export function selectorMatches(
  selector: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  return selector.every((requirement) =>
    requirementMet(
      requirement,
      Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined,
    ),
  );
}

/**
 * Converts a selector to a LabelSelector object of meta/v1: equalities become `matchLabels`, other requirements
 * `matchExpressions`, both sorted by key. Empty fields are omitted. `!=` becomes `NotIn`, and a second required
 * value of a key becomes `In` in addition to the first.
 *
 * @throws SelectorError for `gt` and `lt`, which LabelSelector does not support
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/
 */
export function toLabelSelectorObject(selector: LabelSelector): LabelSelectorObject {
  const matchLabels = new Map<string, string>();
  const matchExpressions: LabelSelectorExpression[] = [];
  for (const requirement of selector) {
    const value = equalityValue(requirement);
    if (value === undefined || (matchLabels.get(requirement.key) ?? value) !== value) {
      matchExpressions.push(toExpression(requirement));
    } else {
      matchLabels.set(requirement.key, value);
    }
  }
  return {
    ...(matchLabels.size > 0 && { matchLabels: Object.fromEntries(matchLabels) }),
    ...(matchExpressions.length > 0 && { matchExpressions }),
  };
}

function formatRequirement({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`;
    case 'gt':
      return `${key}>${values.join()}`;
    case 'lt':
      return `${key}<${values.join()}`;
    default:
      return `${key}${operator}${values.join()}`;
  }
}

function requirementMet({ operator, values }: Requirement, label: string | undefined): boolean {
  switch (operator) {
    case '=':
    case '==':
    case 'in':
      return label !== undefined && values.includes(label);
    case '!=':
    case 'notin':
      return label === undefined || !values.includes(label);
    case 'exists':
      return label !== undefined;
    case '!':
      return label === undefined;
    case 'gt':
      return label !== undefined && values.every((value) => isLess(value, label));
    case 'lt':
      return label !== undefined && values.every((value) => isLess(label, value));
  }
}

/** Whether both are integers and the first is smaller. */
function isLess(a: string, b: string): boolean {
  const [x, y] = [parseInt64(a), parseInt64(b)];
  return x !== undefined && y !== undefined && x < y;
}

function equalityValue({ operator, values }: Requirement): string | undefined {
  return operator === '=' || operator === '==' ? values[0] : undefined;
}

function toExpression({ key, operator, values }: Requirement): LabelSelectorExpression {
  switch (operator) {
    case '=':
    case '==':
    case 'in':
      return { key, operator: 'In', values };
    case '!=':
    case 'notin':
      return { key, operator: 'NotIn', values };
    case 'exists':
      return { key, operator: 'Exists' };
    case '!':
      return { key, operator: 'DoesNotExist' };
    case 'gt':
    case 'lt':
      throw new SelectorError(
        `"${operator}" isn't supported in label selectors: expected In, NotIn, Exists or DoesNotExist for the key "${key}"`,
      );
  }
}

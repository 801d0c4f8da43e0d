import { matchesValue } from '../../promql/checks/check-selector.ts';
import { lostLabel } from '../../promql/lost-label.ts';
import { type VectorSelector, vectorSelectors } from '../../promql/selectors.ts';
import type { ReportFault } from '../fault.ts';
import type { QueryRequest } from '../query.ts';
import type { TemplateResourceRule } from '../template-rule/template-rule.ts';
import { expandOrNothing } from './expand.ts';

/** The label that cAdvisor gives to containers. */
const USUAL_LABEL = 'container';

/** Labels of cAdvisor that the cgroup of a pod lacks, or has with other values. */
const TELLING_LABELS: ReadonlySet<string> = new Set(['image', 'name', 'id', 'container_name']);

/**
 * Warns about a `containerQuery` that counts the cgroup of the whole pod, whose container label is empty,
 * as another container: each pod counts twice.
 */
export function checkPodCgroup(
  { containerQuery, containerLabel }: TemplateResourceRule,
  path: readonly (string | number)[],
  request: QueryRequest,
  report: ReportFault,
): void {
  const text = expandOrNothing(containerQuery, request);
  const pod = request.objects?.label;
  if (text === undefined || pod === undefined || lostLabel(text, pod) !== undefined) return;
  const label = containerLabel === '' ? USUAL_LABEL : containerLabel;
  // Without the label, nothing is known of series other than those of cAdvisor.
  const mayCount = (selector: VectorSelector): boolean =>
    containerLabel !== '' || selector.name?.startsWith('container_') === true;
  const counting = vectorSelectors(text).find(
    (selector) => mayCount(selector) && takesPodCgroup(selector, label),
  );
  if (counting === undefined) return;
  report({
    severity: 'warning',
    path,
    message: `the query does not exclude ${label}="" (the cgroup of the whole pod) and ${label}="POD", so pods count twice: add \`${label}!="",${label}!="POD"\` to the selector of \`${counting.name ?? 'the metric'}\``,
  });
}

function takesPodCgroup({ name, matchers }: VectorSelector, label: string): boolean {
  // A recording rule may have excluded it.
  if (name?.includes(':')) return false;
  if (matchers.some((matcher) => TELLING_LABELS.has(matcher.name) && matcher.name !== label)) {
    return false;
  }
  return matchers.every((matcher) => matcher.name !== label || matchesValue(matcher, '') === true);
}

import type { LabelSelector, Requirement } from '../apimachinery/label-selector.ts';
import { isLegacyName, type LabelMatcher } from '../promql/syntax/matcher.ts';
import { type QueryRequest, UnsupportedRequirementError } from './query.ts';

/** The characters that are special in a regular expression, except the dot. */
export const REGEXP_SYNTAX = /[\\^$*+?()[\]{}|]/;

/** The first key of a selector that must be quoted in PromQL. Prometheus accepts quoted keys since version 3. */
export function quotedKeyOf(selector: LabelSelector): string | undefined {
  return selector.find(({ key }) => !isLegacyName(key))?.key;
}

/** The label matchers for a request, in this order: selector, namespace, objects. */
export function matchersOf(request: QueryRequest): readonly LabelMatcher[] {
  const matchers = request.selector.map(requirementMatcher);
  if (request.namespace !== undefined) {
    const { label, value } = request.namespace;
    matchers.push({ name: label, operator: '=', value });
  }
  if (request.objects !== undefined) {
    const { label, names } = request.objects;
    matchers.push(
      names.length === 1
        ? { name: label, operator: '=', value: names.join('') }
        : { name: label, operator: '=~', value: names.map(escapeName).join('|') },
    );
  }
  return matchers;
}

function requirementMatcher(requirement: Requirement): LabelMatcher {
  const { key: name, values } = requirement;
  const alternatives = values.join('|');
  switch (requirement.operator) {
    case '=':
    case '==':
      return { name, operator: '=', value: alternatives };
    case '!=':
      return { name, operator: '!=', value: alternatives };
    case 'in':
      return { name, operator: '=~', value: alternatives };
    case 'notin':
      return { name, operator: '!~', value: alternatives };
    case 'exists':
      return { name, operator: '!=', value: '' };
    case '!':
      return { name, operator: '=', value: '' };
    default:
      throw new UnsupportedRequirementError(
        `"${requirement.operator === 'gt' ? '>' : '<'}" on "${name}" has no counterpart in PromQL: expected one of =, ==, !=, in, notin, exists, !`,
      );
  }
}

const ALL_SPECIAL = new RegExp(REGEXP_SYNTAX, 'g');

/**
 * Escapes a name for a regular expression. Dots are not escaped, as in the reference adapter: a dot can
 * only match samples of other objects, which are dropped later. Names of Kubernetes objects contain no
 * other special character.
 */
function escapeName(name: string): string {
  // Testing is faster than replacing, and most names have nothing to escape.
  return REGEXP_SYNTAX.test(name) ? name.replaceAll(ALL_SPECIAL, '\\$&') : name;
}

import type { ReportFault } from '../fault.ts';
import type { DiscoveryRule, ResourceAssociation, ResourceRule } from './definition.ts';

/*
 * The compilers of queries, label templates and regular expressions have their own limits. These are the limits
 * of the other texts of a rule, which the main thread processes in one step.
 */

/** The maximum length of a `seriesQuery`, in UTF-16 units. It is sent in URLs, where servers accept 8 to 16 KiB. */
const LONGEST_SERIES_QUERY = 16 * 1024;

/** The maximum length of a name or label, or of a pattern for one, in UTF-16 units. */
const LONGEST_NAME = 1024;

/** The maximum number of overrides of one rule. */
const MOST_OVERRIDES = 1000;

/**
 * Reports texts of a rule that are too long.
 *
 * @returns whether there is such a text
 */
export function reportLongTexts(rule: DiscoveryRule | ResourceRule, report: ReportFault): boolean {
  let isAny = false;
  const check = (path: readonly (string | number)[], text: string, most: number): void => {
    if (text.length <= most) return;
    isAny = true;
    const message = `the text has ${text.length} characters, expected at most ${most}`;
    report({ severity: 'error', path, message });
  };
  if ('seriesQuery' in rule) {
    check(['seriesQuery'], rule.seriesQuery, LONGEST_SERIES_QUERY);
    check(['name', 'as'], rule.name.as, LONGEST_NAME);
  } else {
    check(['containerLabel'], rule.containerLabel, LONGEST_NAME);
  }
  checkAssociation(rule.resources, check);
  const { size } = rule.resources.overrides;
  if (size > MOST_OVERRIDES) {
    isAny = true;
    const message = `there are ${size} overrides, expected at most ${MOST_OVERRIDES}: use \`template\``;
    report({ severity: 'error', path: ['resources', 'overrides'], message });
  }
  return isAny;
}

function checkAssociation(
  { template, overrides }: ResourceAssociation,
  check: (path: readonly string[], text: string, most: number) => void,
): void {
  const path = ['resources', 'overrides'];
  check(['resources', 'template'], template, LONGEST_NAME);
  for (const [label, { group, resource }] of overrides) {
    check([...path, label], label, LONGEST_NAME);
    check([...path, label, 'group'], group, LONGEST_NAME);
    check([...path, label, 'resource'], resource, LONGEST_NAME);
  }
}

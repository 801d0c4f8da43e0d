import type { ReportFault } from '../fault.ts';
import type { DiscoveryRule } from './definition.ts';
import { compilePattern } from './series-filter.ts';

/** The API name of a series, or undefined if `name.matches` does not match its name. */
export type MetricNaming = (seriesName: string) => string | undefined;

/**
 * Compiles `name`. The default of `matches` is everything; that of `as` is the whole match, or the
 * capture group if there is exactly one.
 *
 * @returns undefined if an error was reported
 */
export function compileNaming(
  name: DiscoveryRule['name'],
  report: ReportFault,
): MetricNaming | undefined {
  const pattern = compilePattern(
    name.matches === '' ? '.*' : name.matches,
    ['name', 'matches'],
    report,
  );
  if (pattern === undefined) return undefined;
  const as = name.as === '' ? defaultExpansion(pattern.groupCount) : name.as;
  if (as === undefined) {
    report({
      severity: 'error',
      path: ['name'],
      message: `\`as\` is needed: \`matches\` has ${pattern.groupCount} capture groups, so specify which of them form the name`,
    });
    return undefined;
  }
  warnOfGroupNames(name, report);
  checkSlash(name.as, report);
  return (seriesName) => pattern.expand(as, seriesName);
}

/** A name with a slash cannot be part of a request path. */
function checkSlash(as: string, report: ReportFault): void {
  const offset = as.indexOf('/');
  if (offset === -1) return;
  report({
    severity: 'broken',
    path: ['name', 'as'],
    offset,
    message:
      'a metric whose name contains "/" cannot be requested, so this rule serves nothing: use e.g. `_` or `:` instead',
  });
}

/** Warns about `$1_total`, which is the group named "1_total" and probably a mistake. */
function warnOfGroupNames(name: DiscoveryRule['name'], report: ReportFault): void {
  for (const match of name.as.matchAll(/(\$+)(\d+)([A-Za-z_]\w*)/g)) {
    const [, dollars = '', digits = '', text = ''] = match;
    // Pairs of dollars are literal dollars, and a group may have this name.
    if (dollars.length % 2 === 0 || name.matches.includes(`<${digits}${text}>`)) continue;
    report({
      severity: 'warning',
      path: ['name', 'as'],
      offset: match.index,
      message: `\`$${digits}${text}\` is the group called "${digits}${text}", which \`matches\` does not have, so it is empty: for group ${digits} write \`\${${digits}}${text}\``,
    });
  }
}

function defaultExpansion(groupCount: number): string | undefined {
  if (groupCount === 0) return '$0';
  return groupCount === 1 ? '$1' : undefined;
}

/** Why a request path cannot contain a name; undefined if it can. */
export function invalidMetricName(metricName: string): string | undefined {
  if (metricName === '') return 'it is empty';
  if (metricName.includes('/')) return 'it has a "/"';
  return undefined;
}

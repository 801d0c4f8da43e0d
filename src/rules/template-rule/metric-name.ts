import type { ReportFault } from '../fault.ts';
import type { DiscoveryRule } from './definition.ts';
import { compilePattern } from './series-filter.ts';

/** The API name of a series, or undefined where `name.matches` does not match its name. */
export type MetricNaming = (seriesName: string) => string | undefined;

/**
 * Compiles `name`. `matches` defaults to everything; `as` to the whole match, or to the capture
 * group where there is exactly one.
 *
 * @returns undefined when an error was reported.
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
      message: `\`as\` is needed: \`matches\` has ${pattern.groupCount} capture groups, so say which of them make the name`,
    });
    return undefined;
  }
  warnOfSwallowedText(name, report);
  checkReachable(name.as, report);
  return (seriesName) => pattern.expand(as, seriesName);
}

/** A name with a slash cannot be part of a request path, whatever the groups are. */
function checkReachable(as: string, report: ReportFault): void {
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

/** `$1_total` reads as the group called "1_total", which hardly anybody means. */
function warnOfSwallowedText(name: DiscoveryRule['name'], report: ReportFault): void {
  for (const match of name.as.matchAll(/(\$+)(\d+)([A-Za-z_]\w*)/g)) {
    const [, dollars = '', digits = '', text = ''] = match;
    // Dollars in pairs are literal ones; a group may well be called like that.
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

/** Why a name cannot be asked for in a request's path, or undefined where it can. */
export function unreachableName(metricName: string): string | undefined {
  if (metricName === '') return 'it is empty';
  if (metricName.includes('/')) return 'it has a "/"';
  return undefined;
}

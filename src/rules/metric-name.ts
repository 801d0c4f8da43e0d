import type { ReportFault } from './fault.ts';
import type { DiscoveryRule } from './rule-definition.ts';
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
  return (seriesName) => pattern.expand(as, seriesName);
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

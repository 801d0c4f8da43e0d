import type { Steps } from '../../async/steps.ts';
import type { ReportFault } from '../fault.ts';
import type { SeriesFilter } from './definition.ts';
import { compileRegexp, type Regexp, RegexpError } from './regexp.ts';

/** Whether a series of this name is kept. */
export type SeriesNamePredicate = (seriesName: string) => boolean;

interface CompiledFilter {
  readonly pattern: Regexp;
  readonly keepsMatches: boolean;
}

/**
 * Compiles `seriesFilters`: a series is kept if its name satisfies every filter. Expressions are not anchored.
 * One step for each filter.
 *
 * @returns undefined if a filter was reported as an error
 */
export function* compileSeriesFilters(
  filters: readonly SeriesFilter[],
  report: ReportFault,
): Steps<SeriesNamePredicate | undefined> {
  const compiled: CompiledFilter[] = [];
  for (const [index, filter] of filters.entries()) {
    yield;
    const one = compileFilter(filter, index, report);
    if (one !== undefined) compiled.push(one);
  }
  if (compiled.length < filters.length) return undefined;
  return (seriesName) =>
    compiled.every((filter) => filter.pattern.matches(seriesName) === filter.keepsMatches);
}

function compileFilter(
  filter: SeriesFilter,
  index: number,
  report: ReportFault,
): CompiledFilter | undefined {
  const path = ['seriesFilters', index];
  if (filter.is !== '' && filter.isNot !== '') {
    report({
      severity: 'error',
      path,
      message: 'a filter has either `is` or `isNot`, not both: write two filters',
    });
    return undefined;
  }
  if (filter.is === '' && filter.isNot === '') {
    report({
      severity: 'error',
      path,
      message: 'a filter needs a regular expression in `is` or in `isNot`',
    });
    return undefined;
  }
  const field = filter.is !== '' ? 'is' : 'isNot';
  const pattern = compilePattern(filter[field], [...path, field], report);
  return pattern && { pattern, keepsMatches: field === 'is' };
}

/** Compiles a regular expression of the rules file. A fault is reported as an error at `path`. */
export function compilePattern(
  source: string,
  path: readonly (string | number)[],
  report: ReportFault,
): Regexp | undefined {
  try {
    return compileRegexp(source);
  } catch (error) {
    if (!(error instanceof RegexpError)) throw error;
    report({
      severity: 'error',
      path,
      message: `not a regular expression (RE2 syntax): ${error.message}`,
    });
    return undefined;
  }
}

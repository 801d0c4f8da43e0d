import type { ReportFault } from '../../../rules/fault.ts';
import type { Content } from '../content.ts';
import type { FaultList } from '../fault-list.ts';
import { formatPath, type Path } from './located-value.ts';
import { findShapeFaults } from './shape-faults.ts';

/** The schema violations of one rule. */
export interface RuleShape {
  /** A value has the wrong type, so the rest cannot be checked. */
  hasWrongType: boolean;
  /** The fields that contain an unknown field, e.g. `rules[0].name`. */
  readonly misspelt: Set<string>;
}

/**
 * Validates the file against the published schema.
 *
 * @returns the rules (`rules[3]`, `resourceRules`) with violations
 */
export function checkShapes(content: Content, faults: FaultList): ReadonlyMap<string, RuleShape> {
  const shapes = new Map<string, RuleShape>();
  for (const { path, message, kind } of findShapeFaults(content.root)) {
    const offset = kind === 'unknown field' ? content.nameOf(path) : content.placeOf(path);
    faults.add(offset, path, 'error', message);
    const rule = formatPath(path.slice(0, typeof path[1] === 'number' ? 2 : 1));
    const shape = shapes.get(rule) ?? { hasWrongType: false, misspelt: new Set() };
    if (kind === 'wrong type') shape.hasWrongType = true;
    else shape.misspelt.add(formatPath(path.slice(0, -1)));
    shapes.set(rule, shape);
  }
  return shapes;
}

/**
 * Drops faults of fields that contain an unknown field: a field that seems to be missing may be misspelt.
 */
export function withoutMisspelt(
  shape: RuleShape | undefined,
  base: Path,
  report: ReportFault,
): ReportFault {
  if (shape === undefined) return report;
  return (fault) => {
    if (!shape.misspelt.has(formatPath([...base, ...fault.path]))) report(fault);
  };
}

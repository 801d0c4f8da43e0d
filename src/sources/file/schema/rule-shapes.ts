import type { ReportFault } from '../../../rules/fault.ts';
import type { Content } from '../content.ts';
import type { FaultList } from '../fault-list.ts';
import { formatPath, type Path } from './located-value.ts';
import { findShapeFaults } from './shape-faults.ts';

/** What is wrong with the shape of one rule. */
export interface RuleShape {
  /** A value is of the wrong type: nothing can be said about the rest. */
  hasWrongType: boolean;
  /** The fields that have an unknown field in them, e.g. `rules[0].name`. */
  readonly misspelt: Set<string>;
}

/**
 * Holds the file against the published schema.
 *
 * @returns the rules (`rules[3]`, `resourceRules`) that have something wrong with their shape
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
 * Leaves out what is said about fields that have an unknown field in them: what seems missing there
 * may just be misspelt.
 */
export function sparing(
  shape: RuleShape | undefined,
  base: Path,
  report: ReportFault,
): ReportFault {
  if (shape === undefined) return report;
  return (fault) => {
    if (!shape.misspelt.has(formatPath([...base, ...fault.path]))) report(fault);
  };
}

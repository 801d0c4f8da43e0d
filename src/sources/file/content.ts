import type { ReportFault } from '../../rules/fault.ts';
import type { FaultList } from './fault-list.ts';
import { rulesOfValues } from './helm-values.ts';
import { keyPlaceOf, type LocatedValue, type Path, placeOf } from './schema/located-value.ts';
import { type ReadFault, readBySchema } from './schema/read-by-schema.ts';
import { rulesFileSchema } from './schema/schema.ts';
import { parseDocument } from './yaml/document.ts';

/** What a file says, and how to tell of its places. */
export interface Content {
  readonly root: LocatedValue;
  /** The offset into the file's text of what is said about a path; `offset` as in RuleFault. */
  placeOf(path: Path, offset?: number): number;
  /** The place of a field's name. */
  nameOf(path: Path): number;
  /** Takes the faults of a rule that is at `base`. */
  reporter(base: Path): ReportFault;
}

/** What a file is: a rules file, or values of the chart that hold one. */
export type FileForm = 'rules' | 'helm values';

/** Undefined where there is nothing in the file, or it cannot be read. */
export function readContent(
  source: string,
  form: FileForm,
  faults: FaultList,
): Content | undefined {
  const { root: whole, text, originalOffset, faults: documentFaults } = parseDocument(source);
  for (const { severity, offset, message } of documentFaults) {
    faults.add(offset, [], severity, message);
  }
  const report = ({ offset, path, severity, message }: ReadFault): void =>
    faults.add(originalOffset(offset), path, severity, message);
  const node = form === 'rules' ? whole : rulesOfValues(whole, report);
  if (node === undefined) return undefined;
  const root = readBySchema(node, rulesFileSchema, report);
  if (root === undefined) return undefined;
  const place = (path: Path, offset?: number): number =>
    originalOffset(placeOf(text, root, path, offset));
  return {
    root,
    placeOf: place,
    nameOf: (path) => originalOffset(keyPlaceOf(text, root, path)),
    reporter: (base) => (fault) => {
      const path = [...base, ...fault.path];
      faults.add(place(path, fault.offset), path, fault.severity, fault.message);
    },
  };
}

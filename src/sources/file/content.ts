import type { ReportFault } from '../../rules/fault.ts';
import type { FaultList } from './fault-list.ts';
import { rulesOfValues } from './helm-values.ts';
import { keyPlaceOf, type LocatedValue, type Path, placeOf } from './schema/located-value.ts';
import { type ReadFault, readBySchema } from './schema/read-by-schema.ts';
import { rulesFileSchema } from './schema/schema.ts';
import { parseDocument } from './yaml/document.ts';

/** The content of a file, with the places of its fields. */
export interface Content {
  readonly root: LocatedValue;
  /** The offset of a path in the text of the file; `offset` as in RuleFault. */
  placeOf(path: Path, offset?: number): number;
  /** The offset of the name of a field. */
  nameOf(path: Path): number;
  /** Reports faults of the rule at `base`. */
  reporter(base: Path): ReportFault;
}

/** A rules file, or values of the chart that contain one. */
export type FileForm = 'rules' | 'helm values';

/** Undefined if the file is empty or cannot be parsed. */
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

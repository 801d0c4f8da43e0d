import { echoedText } from '../text/echoed-text.ts';

/** There is no such object, or nothing is known of it. Written as Kubernetes' servers do. */
export class ObjectNotFoundError extends Error {
  override readonly name = 'ObjectNotFoundError';
  /** Empty for the core group. */
  readonly group: string;
  /** What it is an object of, e.g. `pods`. */
  readonly kind: string;
  readonly objectName: string;

  constructor(group: string, kind: string, objectName: string) {
    const qualified = group === '' ? kind : `${kind}.${group}`;
    const name = echoedText(objectName);
    super(`${qualified} ${JSON.stringify(name)} not found`);
    this.group = group;
    this.kind = kind;
    this.objectName = name;
  }
}

/** The number of items that are created and written without a pause. */
const SHORT = 500;

/** In characters of JSON. A metric label selector, which every item has, can be some kilobytes long. */
const SHORT_TEXT = 64 * 1024;

/** A list of at most this number of items is short, regardless of their size. */
const FEW = 16;

/** Memory of a value from which an item is created, in bytes. */
const VALUE_BYTES = 512;

/** The items of an API list that are created while they are written. */
export class LongList<Value> implements Iterable<object> {
  readonly #values: Iterable<Value>;
  readonly #toItem: (value: Value) => object;

  constructor(values: Iterable<Value>, toItem: (value: Value) => object) {
    this.#values = values;
    this.#toItem = toItem;
  }

  /** The memory of the values, in bytes; 0 if they are not in the heap. */
  get heldBytes(): number {
    return Array.isArray(this.#values) ? this.#values.length * VALUE_BYTES : 0;
  }

  *[Symbol.iterator](): Generator<object> {
    for (const value of this.#values) yield this.#toItem(value);
  }
}

/** The items of an API list: an array if it is short. */
export function listItems<Value>(
  values: Iterable<Value>,
  toItem: (value: Value) => object,
): readonly object[] | LongList<Value> {
  return isShort(values, toItem)
    ? values.map((value) => toItem(value))
    : new LongList(values, toItem);
}

function isShort<Value>(
  values: Iterable<Value>,
  toItem: (value: Value) => object,
): values is readonly Value[] {
  if (!isArray(values) || values.length > SHORT) return false;
  const [first] = values;
  if (first === undefined || values.length <= FEW) return true;
  return JSON.stringify(toItem(first)).length * values.length <= SHORT_TEXT;
}

function isArray<Value>(values: Iterable<Value>): values is readonly Value[] {
  return Array.isArray(values);
}

/** The long list of an API object; undefined if it has none. */
export function longListOf(object: object): LongList<unknown> | undefined {
  const fields: readonly unknown[] = Object.values(object);
  return fields.find((field) => field instanceof LongList);
}

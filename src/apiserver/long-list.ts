/** So many items are made, and written, at one go. */
const SHORT = 500;

/** The items of an API list that are made one by one, while they are written. */
export class LongList<Value> implements Iterable<object> {
  readonly #values: Iterable<Value>;
  readonly #toItem: (value: Value) => object;

  constructor(values: Iterable<Value>, toItem: (value: Value) => object) {
    this.#values = values;
    this.#toItem = toItem;
  }

  *[Symbol.iterator](): Generator<object> {
    for (const value of this.#values) yield this.#toItem(value);
  }
}

/** The items of an API list: an array where they are few. */
export function listItems<Value>(
  values: Iterable<Value>,
  toItem: (value: Value) => object,
): readonly object[] | LongList<Value> {
  return Array.isArray(values) && values.length <= SHORT
    ? values.map((value: Value) => toItem(value))
    : new LongList(values, toItem);
}

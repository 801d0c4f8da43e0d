/** The number of items that are created and written without a pause. */
const SHORT = 500;

/** The items of an API list that are created while they are written. */
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

/** The items of an API list: an array if there are few. */
export function listItems<Value>(
  values: Iterable<Value>,
  toItem: (value: Value) => object,
): readonly object[] | LongList<Value> {
  return Array.isArray(values) && values.length <= SHORT
    ? values.map((value: Value) => toItem(value))
    : new LongList(values, toItem);
}

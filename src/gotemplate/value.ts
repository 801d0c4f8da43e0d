/**
 * The values of templates. Go's types are JavaScript types with the same behaviour: `string` is Go's string,
 * `boolean` its bool, `bigint` its int, `number` its float64 and `null` its nil. Types without a counterpart in
 * JavaScript are objects with a `kind`.
 *
 * A Go string is a sequence of bytes, a JavaScript one of UTF-16 units: `len`, `index`, `slice` and
 * comparisons use the UTF-8 bytes, as in Go. Strings that are not valid UTF-8 are not supported; where Go would
 * produce one, there is an error.
 */
export type TemplateValue =
  | string
  | boolean
  | bigint
  | number
  | null
  | GoByte
  | GoStruct
  | GoMap
  | GoStrings;

/** An element of a string: Go's uint8. */
export interface GoByte {
  readonly kind: 'byte';
  readonly value: number;
}

export interface GoStruct {
  readonly kind: 'struct';
  /** With the package, as Go's `%T` prints it. */
  readonly typeName: string;
  /** In the order of declaration. */
  readonly fields: ReadonlyMap<string, TemplateValue>;
  /** The results of methods without arguments. The struct is printed as the result of `String`. */
  readonly methods: ReadonlyMap<string, TemplateValue>;
}

/** Go's `map[string]string`. */
export interface GoMap {
  readonly kind: 'map';
  /** In the order of the bytes of the keys, as in Go when a template ranges over a map or prints it. */
  readonly entries: ReadonlyMap<string, string>;
}

/** Go's `[]string`. */
export interface GoStrings {
  readonly kind: 'strings';
  readonly items: readonly string[];
  /** The elements between length and capacity, into which a slice can be extended. */
  readonly spare: readonly string[];
}

/**
 * @param typeName the type with its package, e.g. `schema.GroupResource`
 * @param fields the exported fields in the order of declaration
 * @param methods the results of methods without arguments, e.g. `{ String: 'deployments.apps' }`
 */
export function goStruct(
  typeName: string,
  fields: Readonly<Record<string, TemplateValue>>,
  methods: Readonly<Record<string, TemplateValue>> = {},
): GoStruct {
  return {
    kind: 'struct',
    typeName,
    fields: new Map(Object.entries(fields)),
    methods: new Map(Object.entries(methods)),
  };
}

/** @param entries the pairs, in any order; of equal keys the last one is used */
export function goMap(entries: Iterable<readonly [string, string]>): GoMap {
  const sorted = [...new Map(entries)].sort(([a], [b]) => compareBytes(a, b));
  return { kind: 'map', entries: new Map(sorted) };
}

/**
 * @param items the elements
 * @param spare the elements after the last one within the capacity
 */
export function goStrings(items: Iterable<string>, spare: Iterable<string> = []): GoStrings {
  return { kind: 'strings', items: [...items], spare: [...spare] };
}

export function goByte(value: number): GoByte {
  return { kind: 'byte', value };
}

/** The name of the type of a value as in Go. For `null`, which has none in Go, it is `nil`. */
export function typeName(value: TemplateValue): string {
  if (value === null) {
    return 'nil';
  }
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float64';
    default:
      return objectTypeName(value);
  }
}

function objectTypeName(value: GoByte | GoStruct | GoMap | GoStrings): string {
  switch (value.kind) {
    case 'byte':
      return 'uint8';
    case 'struct':
      return value.typeName;
    case 'map':
      return 'map[string]string';
    case 'strings':
      return '[]string';
  }
}

/** Whether a value is true for `if`, `with`, `and`, `or` and `not`: it is not the zero value of its type. */
export function isTrue(value: TemplateValue): boolean {
  if (value === null) {
    return false;
  }
  switch (typeof value) {
    case 'string':
      return value !== '';
    case 'boolean':
      return value;
    case 'bigint':
      return value !== 0n;
    case 'number':
      return value !== 0;
    default:
      return isTrueObject(value);
  }
}

function isTrueObject(value: GoByte | GoStruct | GoMap | GoStrings): boolean {
  switch (value.kind) {
    case 'byte':
      return value.value !== 0;
    case 'struct':
      return true;
    case 'map':
      return value.entries.size > 0;
    case 'strings':
      return value.items.length > 0;
  }
}

const FIRST_SURROGATE = 0xd800;

/** Compares strings by their bytes, as Go does; negative if `a` is first. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [one, other] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (one === other) continue;
    // The order of UTF-16 units differs only for surrogates.
    if (one < FIRST_SURROGATE && other < FIRST_SURROGATE) return one - other;
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  return a.length - b.length;
}

import {
  binaryTag,
  boolYaml11Tag,
  floatYaml11Tag,
  intYaml11Tag,
  NOT_RESOLVED,
  nullYaml11Tag,
  type ScalarTagDefinition,
} from 'js-yaml';

export type ScalarValue = string | number | boolean | null;

/** A scalar resolved by YAML 1.1, as in go-yaml v2 and thus in the reference adapter. */
export interface ResolvedScalar {
  /** The value, e.g. false for `off`. */
  readonly value: ScalarValue;
  /** The value as text, e.g. `off`. */
  readonly text: string;
}

const IMPLICIT = [nullYaml11Tag, boolYaml11Tag, intYaml11Tag, floatYaml11Tag];
const EXPLICIT: ReadonlyMap<string, readonly ScalarTagDefinition[]> = new Map([
  ['!!null', [nullYaml11Tag]],
  ['!!bool', [boolYaml11Tag]],
  ['!!int', [intYaml11Tag]],
  ['!!float', [floatYaml11Tag, intYaml11Tag]],
]);

/**
 * Resolves a scalar.
 *
 * @param source its decoded text
 * @param tag its tag as written, e.g. `!!int`; undefined: none. Unknown tags give text.
 * @param plain whether it was written without quotes and not as a block
 * @returns undefined if the text does not match the tag
 */
export function resolveScalar(
  source: string,
  tag: string | undefined,
  plain: boolean,
): ResolvedScalar | undefined {
  if (tag === '!!binary') return decodeBinary(source);
  const explicit = tag === undefined ? undefined : EXPLICIT.get(tag);
  if (explicit !== undefined) {
    const value = resolveBy(explicit, source, true);
    return value === undefined ? undefined : { value, text: source };
  }
  const implicit = tag === undefined && plain ? resolveBy(IMPLICIT, source, false) : undefined;
  return { value: implicit === undefined ? source : implicit, text: source };
}

function resolveBy(
  tags: readonly ScalarTagDefinition[],
  source: string,
  isExplicit: boolean,
): number | boolean | null | undefined {
  for (const tag of tags) {
    const value = tag.resolve(source, isExplicit, tag.tagName);
    if (value !== NOT_RESOLVED && (value === null || isNumberOrBoolean(value))) return value;
  }
  return undefined;
}

function isNumberOrBoolean(value: unknown): value is number | boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

function decodeBinary(source: string): ResolvedScalar | undefined {
  const bytes = binaryTag.resolve(source, true, binaryTag.tagName);
  if (!(bytes instanceof Uint8Array)) return undefined;
  const text = new TextDecoder().decode(bytes);
  return { value: text, text };
}

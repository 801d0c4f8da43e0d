import {
  type GoByte,
  type GoMap,
  type GoStrings,
  type GoStruct,
  type TemplateValue,
  typeName,
} from '../value.ts';
import { type Flags, pad } from './flags.ts';
import { floatVerb, formatFloat } from './float.ts';
import { formatInteger } from './integer.ts';
import { formatPlain, formatText } from './text.ts';

/** Verbs that print the result of the method `String`. */
const STRINGER_VERBS = 'vsxXq';

/** Verbs for addresses, which values do not have here, and for wrapped errors; not for elements. */
const UNFIT_VERBS = 'pw';

/**
 * Prints a value with a verb as Go's fmt does. An unsuitable verb gives Go's text, e.g. `%!d(string=x)`.
 *
 * @param verb one character
 */
export function formatArgument(value: TemplateValue, verb: string, flags: Flags): string {
  if (verb === 'T') {
    return value === null ? pad('<nil>', flags) : formatPlain(typeName(value), flags);
  }
  return format(value, verb, flags, true);
}

/** @param usesMethods whether the method `String` is called; false in a message about the verb */
function format(value: TemplateValue, verb: string, flags: Flags, usesMethods: boolean): string {
  return formatIfFitting(value, verb, flags, usesMethods) ?? badVerb(value, verb, flags);
}

function badVerb(value: TemplateValue, verb: string, flags: Flags): string {
  const argument =
    value === null ? '<nil>' : `${typeName(value)}=${format(value, 'v', flags, false)}`;
  return `%!${verb}(${argument})`;
}

function formatIfFitting(
  value: TemplateValue,
  verb: string,
  flags: Flags,
  usesMethods: boolean,
): string | undefined {
  if (value === null) {
    return verb === 'v' ? pad('<nil>', flags) : undefined;
  }
  switch (typeof value) {
    case 'string':
      return formatText(value, verb, flags);
    case 'boolean':
      return verb === 't' || verb === 'v' ? pad(String(value), flags) : undefined;
    case 'bigint':
      return formatInteger(value, verb, flags);
    case 'number':
      return formatNumber(value, verb, flags);
    default:
      return formatObject(value, verb, flags, usesMethods);
  }
}

function formatNumber(value: number, verb: string, flags: Flags): string | undefined {
  const known = floatVerb(verb);
  return known === undefined ? undefined : formatFloat(value, known, flags);
}

function formatObject(
  value: GoByte | GoStruct | GoMap | GoStrings,
  verb: string,
  flags: Flags,
  usesMethods: boolean,
): string | undefined {
  if (UNFIT_VERBS.includes(verb)) {
    return undefined;
  }
  switch (value.kind) {
    case 'byte':
      return formatByte(value, verb, flags);
    case 'struct':
      return formatStruct(value, verb, flags, usesMethods);
    case 'map':
      return formatMap(value, verb, flags);
    case 'strings':
      return formatStrings(value, verb, flags);
  }
}

/** Unsigned numbers are hexadecimal in Go syntax. */
function formatByte({ value }: GoByte, verb: string, flags: Flags): string | undefined {
  return verb === 'v' && flags.sharpV
    ? formatInteger(BigInt(value), 'x', { ...flags, sharp: true })
    : formatInteger(BigInt(value), verb, flags);
}

function formatStruct(
  struct: GoStruct,
  verb: string,
  flags: Flags,
  usesMethods: boolean,
): string | undefined {
  const printed = usesMethods ? struct.methods.get('String') : undefined;
  if (typeof printed === 'string' && !flags.sharpV && STRINGER_VERBS.includes(verb)) {
    return formatText(printed, verb, flags);
  }
  const namesFields = flags.plusV || flags.sharpV;
  const fields = [...struct.fields].map(
    ([name, field]) => (namesFields ? `${name}:` : '') + format(field, verb, flags, usesMethods),
  );
  return `${flags.sharpV ? struct.typeName : ''}{${join(fields, flags)}}`;
}

function formatMap(map: GoMap, verb: string, flags: Flags): string {
  const entries = [...map.entries].map(
    ([key, value]) => `${format(key, verb, flags, true)}:${format(value, verb, flags, true)}`,
  );
  return flags.sharpV
    ? `${typeName(map)}{${join(entries, flags)}}`
    : `map[${join(entries, flags)}]`;
}

function formatStrings(strings: GoStrings, verb: string, flags: Flags): string | undefined {
  const items = strings.items.map((item) => format(item, verb, flags, true));
  return flags.sharpV ? `${typeName(strings)}{${join(items, flags)}}` : `[${join(items, flags)}]`;
}

function join(elements: readonly string[], { sharpV }: Flags): string {
  return elements.join(sharpV ? ', ' : ' ');
}

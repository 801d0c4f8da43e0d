import { characterOf, isPrintable, quoteCharacter } from './character.ts';
import { type Flags, pad, padding } from './flags.ts';

const BASES: ReadonlyMap<string, number> = new Map([
  ['v', 10],
  ['d', 10],
  ['b', 2],
  ['o', 8],
  ['O', 8],
  ['x', 16],
  ['X', 16],
]);

/**
 * Prints an integer as Go's fmt does.
 *
 * @returns undefined if the verb is not for integers
 */
export function formatInteger(value: bigint, verb: string, flags: Flags): string | undefined {
  const base = BASES.get(verb);
  if (base !== undefined) {
    return formatNumber(value, base, verb, flags);
  }
  switch (verb) {
    case 'c':
      return pad(characterOf(runeOf(value)), flags);
    case 'q':
      return pad(quoteCharacter(characterOf(runeOf(value)), flags.plus), flags);
    case 'U':
      return formatCodePoint(value, flags);
    default:
      return undefined;
  }
}

/** Numbers beyond Unicode, as unsigned integers, are not characters. */
function runeOf(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function formatNumber(value: bigint, base: number, verb: string, flags: Flags): string {
  if (flags.precision === 0 && value === 0n) {
    return padding(flags.width ?? 0, { ...flags, zero: false });
  }
  const sign = value < 0n ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  const digits = magnitude(value).toString(base).padStart(minDigits(sign, flags), '0');
  const number = sign + basePrefix(digits, base, verb, flags) + digits;
  const cased = verb === 'X' ? number.toUpperCase() : number;
  return pad(cased, { ...flags, zero: false });
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** The flag `0` pads the digits to the width. */
function minDigits(sign: string, { precision, zero, width }: Flags): number {
  return precision ?? (zero && width !== undefined ? width - sign.length : 0);
}

function basePrefix(digits: string, base: number, verb: string, { sharp }: Flags): string {
  if (verb === 'O') {
    return sharp && !digits.startsWith('0') ? '0o0' : '0o';
  }
  if (!sharp || base === 10) {
    return '';
  }
  if (base === 8) {
    return digits.startsWith('0') ? '' : '0';
  }
  return base === 2 ? '0b' : '0x';
}

/** `%U`: `U+` and at least four hexadecimal digits; with `#` also the character. */
function formatCodePoint(value: bigint, flags: Flags): string {
  const unsigned = BigInt.asUintN(64, value);
  const digits = unsigned.toString(16).toUpperCase();
  const character = characterOf(unsigned);
  const isShown = flags.sharp && unsigned <= 0x10ffffn && isPrintable(character);
  const code = `U+${digits.padStart(Math.max(4, flags.precision ?? 0), '0')}`;
  return pad(isShown ? `${code} '${character}'` : code, { ...flags, zero: false });
}

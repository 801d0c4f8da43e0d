import { goQuote } from '../../text/quote.ts';
import { canBackquote, quoteToAscii } from './character.ts';
import { type Flags, pad, padding } from './flags.ts';

/**
 * Prints a string as Go's fmt does.
 *
 * @returns undefined if the verb is not for strings
 */
export function formatText(text: string, verb: string, flags: Flags): string | undefined {
  switch (verb) {
    case 'v':
      return flags.sharpV ? formatQuoted(text, flags) : formatPlain(text, flags);
    case 's':
      return formatPlain(text, flags);
    case 'q':
      return formatQuoted(text, flags);
    case 'x':
      return formatBytes(text, flags);
    case 'X':
      return formatBytes(text, flags).toUpperCase();
    default:
      return undefined;
  }
}

export function formatPlain(text: string, flags: Flags): string {
  return pad(truncate(text, flags), flags);
}

function formatQuoted(text: string, flags: Flags): string {
  const cut = truncate(text, flags);
  if (flags.sharp && canBackquote(cut)) {
    return pad(`\`${cut}\``, flags);
  }
  return pad(flags.plus ? quoteToAscii(cut) : goQuote(cut), flags);
}

/** The precision is a number of characters. */
function truncate(text: string, { precision }: Flags): string {
  if (precision === undefined || text.length <= precision) {
    return text;
  }
  let end = 0;
  for (let count = 0; count < precision && end < text.length; count++) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}

/** `%x`: the bytes in hexadecimal, at most `precision` of them. */
function formatBytes(text: string, flags: Flags): string {
  const { precision = text.length } = flags;
  // A character has at least as many bytes as UTF-16 units. One unit more, since the last one may be half a pair.
  const bytes = Buffer.from(text.slice(0, precision + 1)).subarray(0, flags.precision);
  if (bytes.length === 0) {
    return padding(flags.width ?? 0, flags);
  }
  const digits = bytes.toString('hex').match(/../g) ?? [];
  const prefix = flags.sharp ? '0x' : '';
  const hex = flags.space
    ? digits.map((pair) => prefix + pair).join(' ')
    : prefix + digits.join('');
  return pad(hex, flags);
}

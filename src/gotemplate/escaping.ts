import { isPrintable } from './format/character.ts';
import { print } from './format/print.ts';
import type { TemplateValue } from './value.ts';

const HTML_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\0', '\u{fffd}'],
  ['"', '&#34;'],
  ["'", '&#39;'],
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
]);

/** `html`: the printed values, escaped for HTML. */
export function escapeHtml(values: readonly TemplateValue[]): string {
  return printed(values).replace(/[\0"'&<>]/g, (character) => {
    return HTML_ESCAPES.get(character) ?? character;
  });
}

/** `js`: the printed values, escaped for a JavaScript string. */
export function escapeJavaScript(values: readonly TemplateValue[]): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are among the characters to escape
  return printed(values).replace(/[\\'"<>&=\0-\x1f]|[^\0-\x7f]/gu, (character) => {
    if (character === '\\' || character === "'" || character === '"') {
      return `\\${character}`;
    }
    const codePoint = character.codePointAt(0) ?? 0;
    return codePoint >= 0x80 && isPrintable(character) ? character : unicodeEscape(codePoint);
  });
}

function unicodeEscape(codePoint: number): string {
  return `\\u${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** `urlquery`: the printed values, escaped for the query of a URL. */
export function escapeUrlQuery(values: readonly TemplateValue[]): string {
  const escaped = encodeURIComponent(printed(values)).replaceAll('%20', '+');
  return escaped.replace(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

function printed(values: readonly TemplateValue[]): string {
  return print(values.map((value) => value ?? '<no value>')).toWellFormed();
}

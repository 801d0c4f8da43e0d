/** A piece of a text, in UTF-16 units from its start. */
interface Piece {
  readonly from: number;
  readonly to: number;
}

/** What a template writes as it is: where it stands in the template, and how long it is. */
interface Verbatim {
  readonly text: string;
  readonly at: number;
}

/**
 * Where a template has the text of a piece of its output.
 *
 * @param template with actions between `<<` and `>>`
 * @returns the offset in the template where the piece begins; undefined where it begins in what the
 *   template fills in, or that is not known
 */
export function placeInTemplate(
  template: string,
  output: string,
  { from, to }: Piece,
): number | undefined {
  if (from <= commonBeginning(template, output)) return from;
  if (output.length - from <= commonEnd(template, output)) {
    return from + template.length - output.length;
  }
  const verbatims = verbatimsOf(template);
  let at = 0;
  for (const { text, at: written } of verbatims) {
    const found = output.indexOf(text, at);
    if (found === -1) return undefined;
    if (from >= found && to <= found + text.length) return written + (from - found);
    at = found + text.length;
  }
  return undefined;
}

/** Those of a template that only fills in: of one that chooses and repeats, none. */
function verbatimsOf(template: string): readonly Verbatim[] {
  const verbatims: Verbatim[] = [];
  let end = 0;
  for (const { 0: action, index } of template.matchAll(/<<(?:"[^"]*"|[^">])*>>/g)) {
    if (!/^<<\s*[.(]|^<<\s*(?:index|printf?)\b/.test(action)) return [];
    if (index > end) verbatims.push({ text: template.slice(end, index), at: end });
    end = index + action.length;
  }
  if (end < template.length) verbatims.push({ text: template.slice(end), at: end });
  return verbatims;
}

function commonBeginning(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

function commonEnd(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.at(-1 - length) === b.at(-1 - length)) length++;
  return length;
}

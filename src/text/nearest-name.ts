import { distance } from 'fastest-levenshtein';

/** Longer words are not typing errors, and comparing them takes long. */
const LONGEST_WORD = 100;

/** The minimum length of a prefix that matches a name. */
const MIN_PREFIX = 3;

/**
 * Suggests the name for a misspelt word: the one with the fewest edits, ignoring case, and of several the one
 * with the longest common prefix, then suffix. If the first letters differ, only one edit is allowed. A prefix of
 * a name matches the name.
 *
 * @returns undefined if no name is similar
 */
export function nearestName(word: string, names: Iterable<string>): string | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  const written = word.toLowerCase();
  return [...names]
    .map((name) => ({ name, ...likeness(written, name.toLowerCase()) }))
    .filter(({ name, edits, shared }) => edits <= (shared > 0 ? toleratedEdits(name) : 1))
    .sort(
      (a, b) =>
        a.edits - b.edits ||
        b.shared - a.shared ||
        b.ending - a.ending ||
        Math.abs(a.name.length - word.length) - Math.abs(b.name.length - word.length),
    )[0]?.name;
}

interface Likeness {
  readonly edits: number;
  /** The lengths of the common prefix and suffix. */
  readonly shared: number;
  readonly ending: number;
}

function likeness(written: string, name: string): Likeness {
  const edits = distance(written, name);
  const isBeginning = written.length >= MIN_PREFIX && name.startsWith(written);
  return {
    edits: isBeginning ? Math.min(edits, toleratedEdits(name)) : edits,
    shared: sharedBeginning(written, name),
    ending: sharedEnding(written, name),
  };
}

function sharedBeginning(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

function sharedEnding(a: string, b: string): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a.at(-1 - length) === b.at(-1 - length)) length++;
  return length;
}

/** The maximum number of edits. Two exchanged letters are two edits. */
function toleratedEdits({ length }: string): number {
  return length < 4 ? 1 : Math.max(2, Math.floor(length / 3));
}

import { distance } from 'fastest-levenshtein';

/** Longer words than this are no typing errors, and comparing them costs time. */
const LONGEST_WORD = 100;

/** How many letters of a name say that it was meant, whatever is missing of it. */
const TELLING_LETTERS = 3;

/**
 * The name that someone who wrote another word most likely meant: that of the fewest edits, letter
 * case aside, and of several the one that begins like it, or ends like it. Nobody mistakes the first letter and
 * another one besides; a word that is the beginning of a name stands for it.
 *
 * @returns undefined where no name is near
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
  /** How many letters are the same from the first on, and from the last on. */
  readonly shared: number;
  readonly ending: number;
}

function likeness(written: string, name: string): Likeness {
  const edits = distance(written, name);
  const isBeginning = written.length >= TELLING_LETTERS && name.startsWith(written);
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

/** Two letters exchanged are two edits. */
function toleratedEdits({ length }: string): number {
  return length < 4 ? 1 : Math.max(2, Math.floor(length / 3));
}

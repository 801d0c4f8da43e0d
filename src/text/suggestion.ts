import { distance } from 'fastest-levenshtein';

/** Longer words than this are no typing errors, and comparing them costs time. */
const LONGEST_WORD = 100;

/**
 * The candidate that someone who typed `word` most likely meant: the nearest by edits, of which
 * there may be one for every three letters of the word, at least one.
 *
 * @returns undefined where none is near
 */
export function closestTo(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST_WORD) {
    return undefined;
  }
  let closest: string | undefined;
  let fewestEdits = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = distance(word, candidate);
    if (edits < fewestEdits) {
      closest = candidate;
      fewestEdits = edits;
    }
  }
  return closest;
}

import { randomInt } from 'node:crypto';
import { createTimeSlices } from '../../async/time-slices.ts';

/** The labels of an object. All objects of the cluster with equal labels share one set. */
export type LabelSet = Readonly<Record<string, string>>;

/** Deduplicates label sets, and the keys and values of sets that differ. */
export class LabelPool {
  #kept = new Kept();
  /** The content before the current {@link keepOnly}, from which used sets are moved. */
  #before: Kept | undefined;
  /** The last call of {@link keepOnly}. Calls run one after the other. */
  #tidied: Promise<void> = Promise.resolve();
  readonly #seed: number;

  /**
   * @param seed of the hashes. Random by default: otherwise users who create objects could choose labels
   *   with equal hashes, each of which would be compared with all others.
   */
  constructor(seed: number = randomInt(2 ** 32)) {
    this.#seed = seed;
  }

  /** The number of different sets. */
  get size(): number {
    return this.#kept.sets.size + (this.#before?.sets.size ?? 0);
  }

  /** Returns the shared set that is equal to this one. Adds it if there is none. */
  share(labels: Readonly<Record<string, string>>): LabelSet {
    const entries = Object.entries(labels);
    const hash = hashOf(entries, this.#seed);
    const isIt = (kept: LabelSet): boolean => kept === labels || isEqual(kept, entries);
    const kept = this.#kept.find(hash, isIt);
    if (kept !== undefined) return kept;
    const set = this.#before?.find(hash, isIt) ?? this.#copy(entries);
    this.#kept.add(hash, set);
    return set;
  }

  /**
   * Removes all sets except these and those that are added during the call. Works in time slices.
   *
   * @param live read when the previous call has ended; must not change during the iteration
   */
  keepOnly(live: () => Iterable<LabelSet>): Promise<void> {
    this.#tidied = this.#tidied.then(() => this.#moveOver(live()));
    return this.#tidied;
  }

  /** Removes everything. */
  clear(): void {
    this.#kept = new Kept();
    this.#before = undefined;
  }

  async #moveOver(live: Iterable<LabelSet>): Promise<void> {
    const slices = createTimeSlices();
    this.#before = this.#kept;
    const kept = new Kept();
    this.#kept = kept;
    for (const set of live) {
      if (slices.isOver()) await slices.pause();
      // clear() was called in the meantime.
      if (this.#kept !== kept) return;
      this.#adopt(set);
    }
    this.#before = undefined;
  }

  #adopt(set: LabelSet): void {
    const entries = Object.entries(set);
    const hash = hashOf(entries, this.#seed);
    if (this.#kept.find(hash, (kept) => kept === set) !== undefined) return;
    this.#kept.add(hash, set);
    for (const [key, value] of entries) {
      this.#kept.text(key);
      this.#kept.text(value);
    }
  }

  /** Sorts by key, so that sets with the same keys have the same hidden class. */
  #copy(entries: readonly (readonly [string, string])[]): LabelSet {
    const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.freeze(
      Object.fromEntries(
        sorted.map(([key, value]) => [this.#kept.text(key), this.#kept.text(value)]),
      ),
    );
  }
}

/** Unique sets and strings. */
class Kept {
  readonly sets = new Map<number, LabelSet>();
  readonly #texts = new Map<string, string>();

  /** Each set is stored at its hash, or at the next free number. */
  find(hash: number, isIt: (set: LabelSet) => boolean): LabelSet | undefined {
    for (let slot = hash; ; slot = (slot + 1) | 0) {
      const set = this.sets.get(slot);
      if (set === undefined || isIt(set)) return set;
    }
  }

  add(hash: number, set: LabelSet): void {
    let slot = hash;
    while (this.sets.has(slot)) slot = (slot + 1) | 0;
    this.sets.set(slot, set);
  }

  text(text: string): string {
    const kept = this.#texts.get(text);
    if (kept !== undefined) return kept;
    this.#texts.set(text, text);
    return text;
  }
}

/** A 32-bit hash that does not depend on the order of the labels. */
function hashOf(entries: readonly (readonly [string, string])[], seed: number): number {
  let sum = entries.length;
  for (const [key, value] of entries) sum = (sum + hashText(value, hashText(key, seed))) | 0;
  return sum;
}

const FNV_PRIME = 0x01000193;

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv) of UTF-16 code units, with a seed. */
function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  }
  // A separator between key and value.
  return Math.imul(hash ^ 0xffff, FNV_PRIME);
}

function isEqual(set: LabelSet, entries: readonly (readonly [string, string])[]): boolean {
  return (
    Object.keys(set).length === entries.length &&
    entries.every(([key, value]) => Object.hasOwn(set, key) && set[key] === value)
  );
}

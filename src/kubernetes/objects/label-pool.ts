import { randomInt } from 'node:crypto';
import { createTimeSlices } from '../../async/time-slices.ts';

/** The labels of an object; the same object for every object of the cluster that has these labels. */
export type LabelSet = Readonly<Record<string, string>>;

/**
 * Keeps one copy of what many objects have in common: whole sets of labels, and of sets that differ
 * the keys and values.
 */
export class LabelPool {
  private kept = new Kept();
  /** What was kept before {@link keepOnly} began: what is wanted of it goes over. */
  private before: Kept | undefined;
  /** The last {@link keepOnly}: one after the other. */
  private tidied: Promise<void> = Promise.resolve();
  private readonly seed: number;

  /**
   * @param seed of the hashes. At random: else whoever may create objects could choose labels that have
   *   one hash, and each would be compared with all the others.
   */
  constructor(seed: number = randomInt(2 ** 32)) {
    this.seed = seed;
  }

  /** How many different sets are kept. */
  get size(): number {
    return this.kept.sets.size + (this.before?.sets.size ?? 0);
  }

  /** The kept set that is equal to this one, which becomes it if there is none yet. */
  share(labels: Readonly<Record<string, string>>): LabelSet {
    const entries = Object.entries(labels);
    const hash = hashOf(entries, this.seed);
    const isIt = (kept: LabelSet): boolean => kept === labels || isEqual(kept, entries);
    const kept = this.kept.find(hash, isIt);
    if (kept !== undefined) return kept;
    const set = this.before?.find(hash, isIt) ?? this.copy(entries);
    this.kept.add(hash, set);
    return set;
  }

  /**
   * Removes everything except these sets, and those that are added in the meantime. In slices.
   *
   * @param live read when the last call is done; must not change while it is gone through
   */
  keepOnly(live: () => Iterable<LabelSet>): Promise<void> {
    this.tidied = this.tidied.then(() => this.moveOver(live()));
    return this.tidied;
  }

  /** Removes everything. */
  clear(): void {
    this.kept = new Kept();
    this.before = undefined;
  }

  private async moveOver(live: Iterable<LabelSet>): Promise<void> {
    const slices = createTimeSlices();
    this.before = this.kept;
    const kept = new Kept();
    this.kept = kept;
    for (const set of live) {
      if (slices.isOver()) await slices.pause();
      // Everything was removed in the meantime.
      if (this.kept !== kept) return;
      this.adopt(set);
    }
    this.before = undefined;
  }

  private adopt(set: LabelSet): void {
    const entries = Object.entries(set);
    const hash = hashOf(entries, this.seed);
    if (this.kept.find(hash, (kept) => kept === set) !== undefined) return;
    this.kept.add(hash, set);
    for (const [key, value] of entries) {
      this.kept.text(key);
      this.kept.text(value);
    }
  }

  /** Sorted by key, so that sets with the same keys have the same hidden class. */
  private copy(entries: readonly (readonly [string, string])[]): LabelSet {
    const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.freeze(
      Object.fromEntries(
        sorted.map(([key, value]) => [this.kept.text(key), this.kept.text(value)]),
      ),
    );
  }
}

/** Sets and texts, one of each. */
class Kept {
  readonly sets = new Map<number, LabelSet>();
  private readonly texts = new Map<string, string>();

  /** Of the sets with a hash the first that is the one; each is at its hash, or the next free number. */
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
    const kept = this.texts.get(text);
    if (kept !== undefined) return kept;
    this.texts.set(text, text);
    return text;
  }
}

/** Of 32 bits, the same for every order of the labels. */
function hashOf(entries: readonly (readonly [string, string])[], seed: number): number {
  let sum = entries.length;
  for (const [key, value] of entries) sum = (sum + hashText(value, hashText(key, seed))) | 0;
  return sum;
}

const FNV_PRIME = 0x01000193;

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv), by UTF-16 code units, from any beginning. */
function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  }
  // A separator, so that the end of a key cannot pass for the beginning of its value.
  return Math.imul(hash ^ 0xffff, FNV_PRIME);
}

function isEqual(set: LabelSet, entries: readonly (readonly [string, string])[]): boolean {
  return (
    Object.keys(set).length === entries.length &&
    entries.every(([key, value]) => Object.hasOwn(set, key) && set[key] === value)
  );
}

import { randomInt } from 'node:crypto';

/** The labels of an object; the same object for every object of the cluster that has these labels. */
export type LabelSet = Readonly<Record<string, string>>;

/**
 * Keeps one copy of what many objects have in common: whole sets of labels, and of sets that differ
 * the keys and values.
 */
export class LabelPool {
  private texts = new Map<string, string>();
  /** By hash, or the next free number after it. */
  private sets = new Map<number, LabelSet>();
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
    return this.sets.size;
  }

  /** The kept set that is equal to this one, which becomes it if there is none yet. */
  share(labels: Readonly<Record<string, string>>): LabelSet {
    const entries = Object.entries(labels);
    for (let slot = hashOf(entries, this.seed); ; slot = (slot + 1) | 0) {
      const kept = this.sets.get(slot);
      if (kept === undefined) {
        const set = this.copy(entries);
        this.sets.set(slot, set);
        return set;
      }
      if (kept === labels || isEqual(kept, entries)) return kept;
    }
  }

  /** Forgets everything but these sets. */
  keepOnly(live: Iterable<LabelSet>): void {
    this.texts = new Map();
    this.sets = new Map();
    for (const set of live) this.adopt(set);
  }

  private adopt(set: LabelSet): void {
    const entries = Object.entries(set);
    let slot = hashOf(entries, this.seed);
    for (let kept = this.sets.get(slot); kept !== undefined; kept = this.sets.get(slot)) {
      if (kept === set) return;
      slot = (slot + 1) | 0;
    }
    this.sets.set(slot, set);
    for (const [key, value] of entries) {
      this.text(key);
      this.text(value);
    }
  }

  /** Sorted by key, so that sets with the same keys have the same hidden class. */
  private copy(entries: readonly (readonly [string, string])[]): LabelSet {
    const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.freeze(
      Object.fromEntries(sorted.map(([key, value]) => [this.text(key), this.text(value)])),
    );
  }

  private text(text: string): string {
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

import { LRUCache } from 'lru-cache';
import { createSingleFlight } from '../../async/single-flight.ts';

/**
 * Caches the names that selectors match, for one version of the objects. The number of cached names
 * is bounded; the least recently used selection is evicted first.
 */
export class SelectionMemo {
  readonly #selections: LRUCache<string, Selection>;
  /** By version and key. */
  readonly #inFlight = createSingleFlight<readonly string[]>();

  constructor(maxNames: number) {
    this.#selections = new LRUCache({
      maxSize: maxNames,
      sizeCalculation: (selection, key) => weightOf(key, selection),
    });
  }

  /**
   * @param key the namespace and the selector
   * @param version of the objects. A selection of another version is computed again.
   */
  async get(
    key: string,
    version: number,
    select: () => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const known = this.#selections.get(key);
    return known?.version === version ? known.names : this.#make(key, version, select);
  }

  /** Computed once for concurrent callers with the same selector. */
  #make(
    key: string,
    version: number,
    select: () => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const compute = async (): Promise<readonly string[]> => {
      const names = await select();
      this.#selections.set(key, { version, names });
      return names;
    };
    return this.#inFlight.join(`${version} ${key}`, compute, undefined);
  }
}

interface Selection {
  readonly version: number;
  readonly names: readonly string[];
}

/** The memory of an empty selection, in names. */
const OVERHEAD = 16;
/** Characters of a key that count as a name, since clients choose the length of selectors. */
const KEY_PER_NAME = 16;

function weightOf(key: string, { names }: Selection): number {
  return names.length + OVERHEAD + Math.floor(key.length / KEY_PER_NAME);
}

import { LRUCache } from 'lru-cache';

/**
 * Caches the names that selectors match, for one version of the objects. The number of cached names
 * is bounded; the least recently used selection is evicted first.
 */
export class SelectionMemo {
  private readonly selections: LRUCache<string, Selection>;
  /** Being made, by key and version. */
  private readonly running = new Map<string, Promise<readonly string[]>>();

  constructor(mostNames: number) {
    this.selections = new LRUCache({
      maxSize: mostNames,
      sizeCalculation: (selection, key) => weightOf(key, selection),
    });
  }

  /**
   * @param key the place and the selector.
   * @param version of the objects: with another one the selection is made again.
   */
  async get(
    key: string,
    version: number,
    select: () => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const known = this.selections.get(key);
    return known?.version === version ? known.names : this.make(key, version, select);
  }

  /** Computed once for concurrent callers with the same selector. */
  private make(
    key: string,
    version: number,
    select: () => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const id = `${version} ${key}`;
    const running = this.running.get(id);
    if (running !== undefined) return running;
    const selection = select()
      .then((names) => {
        this.selections.set(key, { version, names });
        return names;
      })
      .finally(() => this.running.delete(id));
    this.running.set(id, selection);
    return selection;
  }
}

interface Selection {
  readonly version: number;
  readonly names: readonly string[];
}

/** An empty selection takes memory too: about as much as this many names. */
const OVERHEAD = 16;
/** So many characters of a key count as a name: clients say how long selectors are. */
const KEY_PER_NAME = 16;

function weightOf(key: string, { names }: Selection): number {
  return names.length + OVERHEAD + Math.floor(key.length / KEY_PER_NAME);
}

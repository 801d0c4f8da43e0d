/**
 * Remembers which names selectors picked, as long as the objects stay what they were. Holds a bounded
 * number of names; the selections not asked for the longest go first.
 */
export class SelectionMemo {
  private readonly selections = new Map<string, Selection>();
  /** Being made, by key and version. */
  private readonly running = new Map<string, Promise<readonly string[]>>();
  private readonly mostNames: number;
  private held = 0;

  constructor(mostNames: number) {
    this.mostNames = mostNames;
  }

  /**
   * @param key the place and the selector.
   * @param version of the objects: with another one the selection is made anew.
   */
  async get(
    key: string,
    version: number,
    select: () => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    const known = this.selections.get(key);
    if (known?.version !== version) return this.make(key, version, select);
    this.forget(key, known);
    this.remember(key, known);
    return known.names;
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
        const known = this.selections.get(key);
        if (known !== undefined) this.forget(key, known);
        this.remember(key, { version, names });
        return names;
      })
      .finally(() => this.running.delete(id));
    this.running.set(id, selection);
    return selection;
  }

  private remember(key: string, selection: Selection): void {
    this.selections.set(key, selection);
    this.held += weightOf(key, selection);
    for (const [oldest, other] of this.selections) {
      if (this.held <= this.mostNames) return;
      this.forget(oldest, other);
    }
  }

  private forget(key: string, selection: Selection): void {
    this.selections.delete(key);
    this.held -= weightOf(key, selection);
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

import { LRUCache } from 'lru-cache';

/** The limits of the cache. */
export interface TextMemoBounds {
  /** Number of texts. The least recently used one is evicted first. */
  readonly most: number;
  /** In characters. A longer text is not cached. */
  readonly longest: number;
}

/**
 * Caches the results of `read`, since autoscalers repeat the same requests.
 *
 * @param bounds limits the memory that clients can cause to be used: a result can be many times as large as its
 *   text
 * @param read depends on nothing but the text. Its results must not be changed. Errors are not cached.
 */
export function rememberTexts<T extends object>(
  read: (text: string) => T,
  { most, longest }: TextMemoBounds,
): (text: string) => T {
  const known = new LRUCache<string, T>({ max: most });
  return (text) => {
    const cached = known.get(text);
    if (cached !== undefined) return cached;
    const fresh = read(text);
    if (text.length <= longest) known.set(text, fresh);
    return fresh;
  };
}

import { LRUCache } from 'lru-cache';

/** How much is remembered. */
export interface TextMemoBounds {
  /** Number of texts. The least recently used one is evicted first. */
  readonly most: number;
  /** In characters; a longer text is read each time. */
  readonly longest: number;
}

/**
 * Reads the same text once: autoscalers send the same requests over and over.
 *
 * @param bounds of what is remembered, so that it is not up to clients how much memory that takes:
 *   what is read of a text can be many times as large as the text
 * @param read depends on nothing but the text; nobody may change what it gives. What it throws is
 *   not remembered.
 */
export function rememberTexts<T extends object>(
  read: (text: string) => T,
  { most, longest }: TextMemoBounds,
): (text: string) => T {
  const known = new LRUCache<string, T>({ max: most });
  return (text) => {
    const remembered = known.get(text);
    if (remembered !== undefined) return remembered;
    const fresh = read(text);
    if (text.length <= longest) known.set(text, fresh);
    return fresh;
  };
}

/** How much is remembered. */
export interface TextMemoBounds {
  /** How many texts; those that came first go first. */
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
  const known = new Map<string, T>();
  return (text) => {
    const remembered = known.get(text);
    if (remembered !== undefined) return remembered;
    const fresh = read(text);
    if (text.length > longest) return fresh;
    // A Map keeps the order of insertion.
    const [oldest] = known.keys();
    if (known.size >= most && oldest !== undefined) known.delete(oldest);
    known.set(text, fresh);
    return fresh;
  };
}

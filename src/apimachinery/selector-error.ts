/** The text is no label selector, or a selector cannot be written in the form asked for. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

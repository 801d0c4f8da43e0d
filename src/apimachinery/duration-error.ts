/** A text is not a duration in the notation that was expected; the message says what was. */
export class DurationError extends Error {
  override readonly name = 'DurationError';
}

/** In characters. */
const LONGEST = 200;

/**
 * A text of a request as an error message repeats it: the first 200 characters. An answer must not
 * be larger than its request.
 */
export function echoedText(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

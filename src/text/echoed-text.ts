/** In characters. */
const LONGEST = 200;

/**
 * The first 200 characters of a text of a request, for an error message. A response must not be larger
 * than its request.
 */
export function echoedText(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

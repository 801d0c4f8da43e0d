const SHORTEST_SECRET = 8;
const LONGEST_DETAIL = 1000;

/**
 * Makes a text of the server safe for the log: without secrets that it may repeat, on one line, and not
 * long.
 *
 * @param text e.g. the body of an error page
 * @param secrets replaced in the text; those shorter than 8 characters are not, since many words contain
 *   them
 */
export function redact(text: string, secrets: Iterable<string>): string {
  let redacted = text;
  for (const secret of secrets) {
    if (secret.length >= SHORTEST_SECRET) {
      redacted = redacted.replaceAll(secret, '[redacted]');
    }
  }
  const line = redacted.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST_DETAIL ? `${line.slice(0, LONGEST_DETAIL)}...` : line;
}

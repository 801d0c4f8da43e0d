const SHORTEST_SECRET = 8;
const LONGEST_DETAIL = 1000;

/**
 * Makes a text from the other side fit for the log: no secret that it may echo, one line, not long.
 *
 * @param text e.g. the body of an error page
 * @param secrets what must not be in it; what is shorter than 8 characters is let through, for it
 *   would be found in many a word
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

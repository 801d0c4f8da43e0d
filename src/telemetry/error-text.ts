/** Deeper chains of causes are cut: nobody reads them, and they may be circular. */
const MOST_CAUSES = 8;

/**
 * An error in one line: its message and those of its causes, `outer: inner: innermost`. A message
 * that a cause repeats is told once. Of an error's other properties only `code` is told (as
 * Node.js's system errors have it), for clients hang requests with credentials onto their errors.
 *
 * @param error anything that was thrown
 */
export function errorText(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  for (let depth = 0; current !== undefined && depth < MOST_CAUSES; depth += 1) {
    const text = oneError(current);
    if (!parts.at(-1)?.includes(text)) {
      parts.push(text);
    }
    current = current instanceof Error ? (current.cause ?? undefined) : undefined;
  }
  return parts.join(': ');
}

function oneError(error: unknown): string {
  if (!(error instanceof Error)) {
    return typeof error === 'string'
      ? error
      : `a value that is no error was thrown (${typeof error})`;
  }
  const message = error.message === '' ? error.name : error.message;
  const several =
    error instanceof AggregateError && error.errors.length > 0
      ? ` (${error.errors.slice(0, MOST_CAUSES).map(oneError).join('; ')})`
      : '';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code === '' || message.includes(code)
    ? `${message}${several}`
    : `${message} [${code}]${several}`;
}

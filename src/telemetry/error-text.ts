/** Limits chains of causes, which may be circular. */
const MAX_CAUSES = 8;

/**
 * An error in one line: its message and those of its causes, `outer: inner: innermost`. A message that
 * contains that of its cause is not repeated. Of other properties only the `code` of system errors is
 * included, since the errors of HTTP clients contain requests with credentials.
 *
 * @param error any thrown value
 */
export function errorText(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  for (let depth = 0; current !== undefined && depth < MAX_CAUSES; depth += 1) {
    const text = oneError(current);
    if (!parts.at(-1)?.includes(text)) parts.push(text);
    current = current instanceof Error ? (current.cause ?? undefined) : undefined;
  }
  return parts.join(': ');
}

function oneError(error: unknown): string {
  if (!(error instanceof Error)) {
    return typeof error === 'string' ? error : `thrown value of type ${typeof error}`;
  }
  const message = error.message === '' ? error.name : error.message;
  const several =
    error instanceof AggregateError && error.errors.length > 0
      ? ` (${error.errors.slice(0, MAX_CAUSES).map(oneError).join('; ')})`
      : '';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code === '' || message.includes(code)
    ? `${message}${several}`
    : `${message} [${code}]${several}`;
}

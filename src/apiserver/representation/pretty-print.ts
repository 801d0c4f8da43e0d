import type { HttpExchange } from '../http/http-exchange.ts';

/** What people read answers with. */
const readByPeople = ['curl', 'Wget', 'Mozilla/5.0'];

/** The texts that Go's `strconv.ParseBool` takes for true. */
const yes = ['1', 't', 'T', 'TRUE', 'true', 'True'];

/**
 * Whether JSON is written for people to read: as `?pretty` says, else by the client's own name, as
 * Kubernetes' servers do.
 */
export function isPretty(
  { headers }: Pick<HttpExchange, 'headers'>,
  query: URLSearchParams,
): boolean {
  const pretty = query.get('pretty') ?? '';
  if (pretty !== '') return yes.includes(pretty);
  const userAgent = headers['user-agent'] ?? '';
  return readByPeople.some((name) => userAgent.startsWith(name));
}

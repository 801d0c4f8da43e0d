/** What stands in the log where a secret was. */
export const REDACTED = '(redacted)';

const SECRET_NAME =
  /authori[sz]ation|token|password|passwd|secret|cookie|credential|apikey|privatekey|bearer/;
/** Names that speak of a secret but hold something about it, such as where it is kept. */
const ABOUT_A_SECRET =
  /(?:file|path|dir|directory|ttl|expiry|age|count|size|kind|type|status|from|name)$/;

/** Whether a field of this name holds a secret: `Authorization`, `bearer_token`, `clientSecret`. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[^a-z]/g, '');
  return SECRET_NAME.test(plain) && !ABOUT_A_SECRET.test(plain);
}

// The numbers in braces bound the work on texts that are made to be slow to search.
const CREDENTIALS_OF_A_SCHEME = /\b(bearer|basic)\s{1,8}[\w.~+/=-]{6,}/gi;
const USER_INFORMATION = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#]{1,1000}@/gi;
const QUERY_PARAMETER =
  /([?&][\w.-]{0,40}(?:token|secret|password|api[_-]?key)[\w.-]{0,40}=)[^&#\s"]{1,4000}/gi;
// Where such a run of characters begins, and nowhere in it: no run is searched twice.
const JSON_WEB_TOKEN = /(?<![\w-])eyJ[\w-]{5,4000}\.[\w-]{1,4000}\.[\w-]*/g;

/**
 * The text without the secrets that can be told by their form: credentials of HTTP, users and
 * passwords in URLs, query parameters named like a secret, and JSON Web Tokens.
 */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(CREDENTIALS_OF_A_SCHEME, `$1 ${REDACTED}`)
    .replaceAll(USER_INFORMATION, `$1${REDACTED}@`)
    .replaceAll(QUERY_PARAMETER, `$1${REDACTED}`)
    .replaceAll(JSON_WEB_TOKEN, REDACTED);
}

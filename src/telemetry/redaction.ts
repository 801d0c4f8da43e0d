/** Replaces a secret in the log. */
export const REDACTED = '(redacted)';

const SECRET_NAME =
  /authori[sz]ation|token|password|passwd|secret|cookie|credential|apikey|privatekey|bearer/;
/** Names of properties of a secret, such as its file. */
const SECRET_PROPERTY =
  /(?:file|path|dir|directory|ttl|expiry|age|count|size|kind|type|status|from|name)$/;

/** Whether a field with this name contains a secret: `Authorization`, `bearer_token`, `clientSecret`. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[^a-z]/g, '');
  return SECRET_NAME.test(plain) && !SECRET_PROPERTY.test(plain);
}

// The repetition counts limit the time for malicious texts.
const HTTP_CREDENTIALS = /\b(bearer|basic)\s{1,8}[\w.~+/=-]{6,}/gi;
const URL_USER_INFO = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#]{1,1000}@/gi;
const QUERY_PARAMETER =
  /([?&][\w.-]{0,40}(?:token|secret|password|api[_-]?key)[\w.-]{0,40}=)[^&#\s"]{1,4000}/gi;
// Matches only at the start of a run of these characters, so that no run is searched twice.
const JSON_WEB_TOKEN = /(?<![\w-])eyJ[\w-]{5,4000}\.[\w-]{1,4000}\.[\w-]*/g;

/**
 * Redacts secrets by their form: HTTP credentials, user information in URLs, query parameters with the name
 * of a secret, and JSON Web Tokens.
 */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(HTTP_CREDENTIALS, `$1 ${REDACTED}`)
    .replaceAll(URL_USER_INFO, `$1${REDACTED}@`)
    .replaceAll(QUERY_PARAMETER, `$1${REDACTED}`)
    .replaceAll(JSON_WEB_TOKEN, REDACTED);
}

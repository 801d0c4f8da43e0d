/**
 * The token of an Authorization header, or undefined where the header is absent, of another scheme
 * or empty. What comes after the token is left out, as Kubernetes does.
 */
export function bearerToken(authorization: string | undefined): string | undefined {
  const [scheme = '', token = ''] = (authorization ?? '').trim().split(' ');
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined;
}

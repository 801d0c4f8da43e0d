import { describe, expect, it } from 'vitest';
import { isSecretName, withoutSecrets } from './redaction.ts';

describe('isSecretName', () => {
  it.each([
    'authorization',
    'Proxy-Authorization',
    'token',
    'bearer_token',
    'accessToken',
    'password',
    'clientSecret',
    'Set-Cookie',
    'x-api-key',
    'privateKey',
  ])('%s holds a secret', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each([
    'tokenFile',
    'prometheus-token-file',
    'tokenCacheTtl',
    'secretName',
    'metric',
    'path',
    'author',
    'keyFile',
    'error',
  ])('%s does not', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe('withoutSecrets', () => {
  it.each([
    ['Authorization: Bearer abc.def-123_456', 'Authorization: Bearer (redacted)'],
    ['authorization basic dXNlcjpwYXNz', 'authorization basic (redacted)'],
    ['GET https://user:p@ss@host:9090/x?a=1', 'GET https://(redacted)@host:9090/x?a=1'],
    ['https://host/x?api_key=abc&b=1', 'https://host/x?api_key=(redacted)&b=1'],
    [
      '?x=eyJhbGciOiJSUzI1NiJ9.e30.c2ln&y="eyJhbGciOiJSUzI1NiJ9.e30.c2ln"',
      '?x=(redacted)&y="(redacted)"',
    ],
    ['it was eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln.', 'it was (redacted).'],
  ])('redacts %j', (text, redacted) => {
    expect(withoutSecrets(text)).toBe(redacted);
  });

  it.each([
    'https://prometheus.example:9090/api/v1/query?query=up@5',
    'sum(rate(http_requests_total{user="a@b"}[5m]))',
    'a basic rule',
    'the bearer of news',
  ])('leaves %j as it is', (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });
});

import type { Reading } from './flag.ts';

const EXPECTED =
  'a URL with http:// or https:// and a host, e.g. http://prometheus.monitoring:9090';

/** Accepts an absolute URL with `http` or `https`; it is kept as it was written. */
export function prometheusUrl(text: string): Reading<string> {
  const url = /\s/.test(text) ? null : URL.parse(text);
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  // The URL class repairs "http:/host" and "http:host"; Go does not, and neither is meant so.
  return isHttp && /^https?:\/\/[^/]/i.test(text) ? { value: text } : { expected: EXPECTED };
}

/** The text without anything that may be a user and a password: what stands before the last `@`. */
export function withoutPassword(text: string): string {
  return text.replace(/^([a-z+.-]*:\/\/)?.*@/isu, '$1…@');
}

/** Responses above this size, in bytes, are compressed if the client accepts gzip; as in Kubernetes. */
export const COMPRESS_FROM = 128 * 1024;

/** The lowest level, as in Kubernetes' servers: most of the gain for a fraction of the time. */
export const FRESH_LEVEL = 1;

/** Whether an Accept-Encoding header accepts gzip. */
export function readsGzip(acceptEncoding: string | string[] | undefined): boolean {
  return String(acceptEncoding ?? '')
    .split(',')
    .map((part) => part.toLowerCase().replaceAll(/\s/g, ''))
    .some((part) => /^gzip(;q=(?!0(\.0*)?$).*)?$/.test(part));
}

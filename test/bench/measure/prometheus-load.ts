import { parseExposition } from './exposition.ts';

/** What a Prometheus has answered so far, as it tells itself. */
export interface PrometheusLoad {
  /** Instant queries. */
  readonly queries: number;
  /** Requests of discovery: series, labels, label values. */
  readonly discoveryRequests: number;
  /** Bytes of the answers to both, as sent. */
  readonly bytes: number;
  /** How long it took for both, in seconds. */
  readonly seconds: number;
  /** CPU time of its process, for any work. */
  readonly cpuSeconds: number;
}

const QUERY = '/api/v1/query';
const DISCOVERY = new Set(['/api/v1/series', '/api/v1/labels', '/api/v1/label/:name/values']);

export async function prometheusLoad(url: string): Promise<PrometheusLoad> {
  const response = await fetch(new URL('metrics', url.endsWith('/') ? url : `${url}/`));
  if (!response.ok) throw new Error(`${url}/metrics: HTTP ${response.status}`);
  const { sum } = parseExposition(await response.text());
  const both = { handler: new Set([QUERY, ...DISCOVERY]) };
  return {
    queries: sum('prometheus_http_requests_total', { handler: QUERY }),
    discoveryRequests: sum('prometheus_http_requests_total', { handler: DISCOVERY }),
    bytes: sum('prometheus_http_response_size_bytes_sum', both),
    seconds: sum('prometheus_http_request_duration_seconds_sum', both),
    cpuSeconds: sum('process_cpu_seconds_total'),
  };
}

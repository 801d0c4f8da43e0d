/** What of the metrics APIs, or of the aggregation of any API, the API server speaks of. */
const ABOUT_ADAPTER = /metrics\.k8s\.io|prom-metrics-adapter|OpenAPI AggregationController/;

/** klog's prefix of a line that is an error or a warning, e.g. `E1122 04:12:10.546630`. */
const COMPLAINT = /^[EWF]\d{4} /;

/**
 * Said of an API that became available a moment ago, by the part of the API server that has not
 * noticed yet. It asks again.
 */
const NOT_NOTICED_YET = /OpenAPI spec .* ResponseCode: 503, Body: service unavailable/;

/**
 * The lines of an API server's log that are errors or warnings about the adapter.
 *
 * @param log of kube-apiserver, in klog's text format
 * @param from where in the log to begin, e.g. at its length when the adapter was available: before,
 *   it says that it is not
 */
export function complaints(log: string, from = 0): readonly string[] {
  return log
    .slice(from)
    .split('\n')
    .filter(
      (line) => COMPLAINT.test(line) && ABOUT_ADAPTER.test(line) && !NOT_NOTICED_YET.test(line),
    );
}

/** Log lines about the metrics APIs, or about the aggregation of any API. */
const ABOUT_ADAPTER = /metrics\.k8s\.io|prom-metrics-adapter|OpenAPI AggregationController/;

/** klog's prefix of a line that is an error or a warning, e.g. `E1122 04:12:10.546630`. */
const COMPLAINT = /^[EWF]\d{4} /;

/**
 * Logged by a part of the API server that has not detected yet that an API is available. It retries.
 */
const NOT_NOTICED_YET = /OpenAPI spec .* ResponseCode: 503, Body: service unavailable/;

/**
 * The lines of an API server's log that are errors or warnings about the adapter.
 *
 * @param log of kube-apiserver, in klog's text format
 * @param from the offset in the log, e.g. its length when the adapter became available: earlier lines report
 *   that it was not
 */
export function complaints(log: string, from = 0): readonly string[] {
  return log
    .slice(from)
    .split('\n')
    .filter(
      (line) => COMPLAINT.test(line) && ABOUT_ADAPTER.test(line) && !NOT_NOTICED_YET.test(line),
    );
}

/** The notices in a response, in addition to the data. */
export interface AnswerNotices {
  /** Why the response is partial; empty if it is complete. */
  readonly partial: readonly string[];
  /** PromQL annotations about the query and its series. */
  readonly annotations: readonly string[];
}

/** The prefix of PromQL annotations. Before Prometheus 2.53 both kinds are warnings. */
const ANNOTATION = /^PromQL (?:info|warning):/;

/** Limits on the number and the length of notices. */
const MOST_NOTICES = 10;
const LONGEST_NOTICE = 500;

/**
 * Reads the notices of a response. A warning that is not a PromQL annotation means that the response is
 * partial: data of a Thanos store, of a remote read of Prometheus or of a Cortex ingester is missing, or
 * the result was truncated. vmselect of VictoriaMetrics sets `isPartial` instead.
 *
 * @param envelope a response of the Prometheus HTTP API
 * @param redact removes secrets from a text of the response, for the log
 */
export function readNotices(
  { warnings, infos, isPartial }: Readonly<Record<string, unknown>>,
  redact: (text: string) => string,
): AnswerNotices {
  const annotations = textsIn(infos);
  const missing: string[] = [];
  for (const warning of textsIn(warnings)) {
    (ANNOTATION.test(warning) ? annotations : missing).push(warning);
  }
  if (isPartial === true) missing.push('the server marked the response as partial (isPartial)');
  return { partial: missing.map(shown), annotations: annotations.map(shown) };

  function shown(text: string): string {
    return redact(text.slice(0, LONGEST_NOTICE));
  }
}

function textsIn(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((entry) => typeof entry === 'string').slice(0, MOST_NOTICES);
}

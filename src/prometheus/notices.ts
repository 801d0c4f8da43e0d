/** What a server says about its answer besides the data. */
export interface AnswerNotices {
  /** Why the answer lacks a part; empty where it is complete. */
  readonly partial: readonly string[];
  /** What the evaluation of PromQL noted about the query and its series. */
  readonly annotations: readonly string[];
}

/** Annotations of PromQL begin like this; before Prometheus 2.53 those of both kinds are warnings. */
const ANNOTATION = /^PromQL (?:info|warning):/;

/** More are not read, nor longer ones. */
const MOST_NOTICES = 10;
const LONGEST_NOTICE = 500;

/**
 * Reads what an answer says of itself. A warning that is no annotation of PromQL means that a part
 * is missing: that of a store of Thanos, of a remote read of Prometheus, of an ingester of Cortex,
 * or what is beyond a limit. `isPartial` is how vmselect of VictoriaMetrics says so.
 *
 * @param envelope an answer of the Prometheus HTTP API
 * @param redact makes a text from the answer fit for the log
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
  if (isPartial === true) missing.push('the server marks the answer as partial (isPartial)');
  return { partial: missing.map(shown), annotations: annotations.map(shown) };

  function shown(text: string): string {
    return redact(text.slice(0, LONGEST_NOTICE));
  }
}

function textsIn(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((entry) => typeof entry === 'string').slice(0, MOST_NOTICES);
}

import type { LabelSelector } from '../apimachinery/label-selector.ts';
import {
  checkNumbers,
  readLabelSelector,
  selectorParameter,
} from '../apiserver/http/list-options.ts';
import { badRequest } from '../apiserver/status.ts';
import { echoedText } from '../text/shorten.ts';

/** The query parameters of a request for metrics that have an effect (MetricListOptions). */
export interface MetricListOptions {
  readonly labelSelector: LabelSelector;
  readonly metricLabelSelector: LabelSelector;
}

/** Shorter than `labelSelector`: each value of the answer has it. */
export const readMetricLabelSelector = selectorParameter('metricLabelSelector', 8 * 1024);

/**
 * Reads the query parameters of a request for metrics. Throws a Status 400 or a SelectorError.
 *
 * @param name the object's name in the path, or `*`: a `fieldSelector` can only select the same.
 *   Undefined if metrics have no object; the field selector has no effect then.
 */
export function parseMetricListOptions(
  query: URLSearchParams,
  name: string | undefined,
): MetricListOptions {
  checkNumbers(query);
  checkFieldSelector(query.get('fieldSelector') ?? '', name);
  return {
    labelSelector: readLabelSelector(query),
    metricLabelSelector: readMetricLabelSelector(query),
  };
}

function checkFieldSelector(fieldSelector: string, name: string | undefined): void {
  for (const requirement of fieldSelector.split(',').filter((part) => part !== '')) {
    const [, field, operator, value] = /^([^=!]*)(==?|!=)(.*)$/.exec(requirement) ?? [];
    if (field === undefined) {
      throw badRequest(
        `fieldSelector: invalid selector: ${JSON.stringify(echoedText(requirement))}; expected metadata.name=<name>`,
      );
    }
    if (field !== 'metadata.name' || operator === '!=') {
      throw badRequest(
        `fieldSelector: ${JSON.stringify(echoedText(requirement))} is not supported; expected metadata.name=<name>`,
      );
    }
    if (name !== undefined && value !== name) {
      throw badRequest("fieldSelector metadata.name doesn't match requested name");
    }
  }
}

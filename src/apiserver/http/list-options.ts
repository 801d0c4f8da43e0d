import { type LabelSelector, parseLabelSelector } from '../../apimachinery/label-selector.ts';
import { echoedText } from '../../text/echoed-text.ts';
import { rememberTexts } from '../../text/text-memo.ts';
import { badRequest, watchNotSupported } from '../status.ts';

/** The query parameters of a metrics request that have an effect (metav1.ListOptions). */
export interface ListOptions {
  readonly labelSelector: LabelSelector;
  readonly metricLabelSelector: LabelSelector;
}

/**
 * Reads the query parameters of a request for metrics. Of a parameter given several times the
 * first counts. Throws a Status 400 or a SelectorError.
 *
 * @param name the object's name in the path, or `*`: a `fieldSelector` can only ask for the same.
 *   Undefined where metrics have no object; it says nothing about them then.
 */
export function parseListOptions(query: URLSearchParams, name: string | undefined): ListOptions {
  checkNumbers(query);
  checkFieldSelector(query.get('fieldSelector') ?? '', name);
  return {
    labelSelector: readLabelSelector(query, 'labelSelector'),
    metricLabelSelector: readLabelSelector(query, 'metricLabelSelector'),
  };
}

/** Each is compared with the labels of every object: more could keep everybody else waiting. */
const MOST_REQUIREMENTS = 256;
/** In characters. That on the metric's labels is a part of each value of the answer. */
const LONGEST_SELECTOR = { labelSelector: 32 * 1024, metricLabelSelector: 8 * 1024 };

type SelectorParameter = keyof typeof LONGEST_SELECTOR;

/** A query parameter that is a label selector. Throws a Status 400 or a SelectorError. */
export function readLabelSelector(
  query: URLSearchParams,
  parameter: SelectorParameter,
): LabelSelector {
  const text = query.get(parameter) ?? '';
  return text === '' ? everything : selectorReaders[parameter](text);
}

const everything: LabelSelector = [];

/** Those of a thousand autoscalers, in 25 MB at most for each parameter, whoever sends what. */
const REMEMBERED = { most: 2000, longest: 256 };

const selectorReaders = {
  labelSelector: rememberTexts((text) => readSelector('labelSelector', text), REMEMBERED),
  metricLabelSelector: rememberTexts(
    (text) => readSelector('metricLabelSelector', text),
    REMEMBERED,
  ),
};

function readSelector(parameter: SelectorParameter, text: string): LabelSelector {
  const longest = LONGEST_SELECTOR[parameter];
  if (text.length > longest) {
    throw badRequest(`${parameter}: expected at most ${longest} characters, got ${text.length}`);
  }
  const requirements = countRequirements(text);
  if (requirements > MOST_REQUIREMENTS) {
    throw badRequest(
      `${parameter}: expected at most ${MOST_REQUIREMENTS} requirements, got ${requirements}`,
    );
  }
  return parseLabelSelector(text);
}

/** Those between commas that are not between the values of one requirement. */
function countRequirements(selector: string): number {
  return selector.replaceAll(/\([^()]*\)/g, '').split(',').length;
}

/** Refuses a watch of a list: metrics are not kept, so there is nothing to watch. */
export function refuseWatch(query: URLSearchParams, group: string, kind: string): void {
  const watch = query.get('watch');
  if (watch === null || watch === '' || watch === '0' || watch === 'false') return;
  throw watchNotSupported(group, kind);
}

/**
 * Checks the parameters that are numbers. They have no effect, for answers are never cut; a client
 * that sends nonsense is told so. Throws a Status 400.
 */
export function checkNumbers(query: URLSearchParams): void {
  checkInteger(query.get('limit'));
  checkInteger(query.get('timeoutSeconds'));
}

function checkInteger(value: string | null): void {
  if (value === null || value === '' || /^[+-]?\d{1,18}$/.test(value)) return;
  throw badRequest(
    `strconv.ParseInt: parsing ${JSON.stringify(echoedText(value))}: invalid syntax`,
  );
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

import type { LabelSelector } from '../../apimachinery/label-selector.ts';
import { parseLabelSelector } from '../../apimachinery/label-selector-parser.ts';
import { echoedText } from '../../text/shorten.ts';
import { rememberTexts } from '../../text/text-memo.ts';
import { badRequest, watchNotSupported } from '../status.ts';

/** Each is compared with the labels of every object: more would block the event loop. */
const MOST_REQUIREMENTS = 256;

/** The selectors of a thousand autoscalers, in 25 MB at most for each parameter. */
const CACHE_LIMITS = { most: 2000, longest: 256 };

const everything: LabelSelector = [];

/**
 * Reads a query parameter that is a label selector. If the parameter is repeated, the first value is used.
 * The function throws a Status 400 or a SelectorError.
 *
 * @param longest in characters
 */
export function selectorParameter(
  parameter: string,
  longest: number,
): (query: URLSearchParams) => LabelSelector {
  const read = rememberTexts((text) => readSelector(parameter, longest, text), CACHE_LIMITS);
  return (query) => {
    const text = query.get(parameter) ?? '';
    return text === '' ? everything : read(text);
  };
}

/** The parameter `labelSelector` of a list; see {@link selectorParameter}. */
export const readLabelSelector = selectorParameter('labelSelector', 32 * 1024);

function readSelector(parameter: string, longest: number, text: string): LabelSelector {
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

/** Ignores commas between the values of one requirement. */
function countRequirements(selector: string): number {
  return selector.replaceAll(/\([^()]*\)/g, '').split(',').length;
}

/** Rejects a watch with a Status 405: objects are made for each request, so they cannot be watched. */
export function rejectWatch(query: URLSearchParams, group: string, kind: string): void {
  const watch = query.get('watch');
  if (watch === null || watch === '' || watch === '0' || watch === 'false') return;
  throw watchNotSupported(group, kind);
}

/**
 * Checks the parameters `limit` and `timeoutSeconds`, which have no effect: answers are never
 * truncated. Throws a Status 400 if one is not an integer.
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

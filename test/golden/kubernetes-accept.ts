/** The format that a client of the Kubernetes API requests in its Accept header. */
export interface AcceptedForm {
  /** The kind that the answer is to be converted to, e.g. `PartialObjectMetadataList`. */
  readonly as?: string;
  /** Group and version of that kind. */
  readonly group?: string;
  readonly version?: string;
}

/**
 * The first form of an Accept header that can be answered in JSON.
 *
 * @param accept the header; absent or empty means anything.
 * @param conversions the kinds that this answer can be converted to, as `kind/group/version`.
 * @returns undefined where nothing the client accepts can be produced (406).
 */
export function acceptedForm(
  accept: string | undefined,
  conversions: readonly string[],
): AcceptedForm | undefined {
  if (accept === undefined || accept.trim() === '') return {};
  return accept
    .split(',')
    .map(parseMediaRange)
    .filter(({ type }) => ['application/json', 'application/*', '*/*'].includes(type))
    .map(({ parameters }) => formOf(parameters))
    .find(({ as, group, version }) =>
      as === undefined ? true : conversions.includes(`${as}/${group}/${version}`),
    );
}

function parseMediaRange(range: string): { type: string; parameters: Map<string, string> } {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
  const pairs = parameters.map((text): [string, string] => {
    const equals = text.indexOf('=');
    return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
  });
  return { type: type.toLowerCase(), parameters: new Map(pairs) };
}

function formOf(parameters: ReadonlyMap<string, string>): AcceptedForm {
  const as = parameters.get('as');
  if (as === undefined) return {};
  return { as, group: parameters.get('g') ?? '', version: parameters.get('v') ?? '' };
}

const CLASSIC_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The path of the endpoint for the values of a label. A name that only Prometheus 3 allows (any UTF-8) is
 * escaped as the API requires: `U__`, doubled underscores, other characters as `_<hex>_`.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/#querying-label-values
 */
export function labelValuesPath(label: string): string {
  const name = CLASSIC_NAME.test(label) ? label : `U__${[...label].map(escapeInName).join('')}`;
  return `/api/v1/label/${name}/values`;
}

function escapeInName(character: string, index: number): string {
  if (character === '_') {
    return '__';
  }
  return CLASSIC_NAME.test(index === 0 ? character : `a${character}`)
    ? character
    : `_${character.codePointAt(0)?.toString(16)}_`;
}

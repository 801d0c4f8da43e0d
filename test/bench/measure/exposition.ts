/** Metrics of a server in Prometheus's text format. */
export interface Exposition {
  /**
   * The sum of all series of a metric.
   *
   * @param labels which the series must have; a set stands for any of its values
   */
  sum(metric: string, labels?: Readonly<Record<string, string | ReadonlySet<string>>>): number;
}

interface Series {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** Reads samples; other lines are skipped. */
export function parseExposition(text: string): Exposition {
  const metrics = new Map<string, Series[]>();
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = /^([\w:]+)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const series = metrics.get(name) ?? [];
    if (series.length === 0) metrics.set(name, series);
    series.push({ labels: parseLabels(labels), value: Number(value) });
  }
  return {
    sum: (metric, labels = {}) =>
      (metrics.get(metric) ?? [])
        .filter((series) =>
          Object.entries(labels).every(([name, wanted]) => {
            const label = series.labels.get(name) ?? '';
            return typeof wanted === 'string' ? label === wanted : wanted.has(label);
          }),
        )
        .reduce((sum, { value }) => sum + value, 0),
  };
}

function parseLabels(text: string): ReadonlyMap<string, string> {
  const pairs = text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
  return new Map(Array.from(pairs, ([, name = '', value = '']) => [name, value]));
}

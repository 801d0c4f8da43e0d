/** Where a rule is defined. */
export type RuleOrigin = FileOrigin;

/** A rule of a rules file. */
export interface FileOrigin {
  readonly source: 'file';
  /** The file, as it was named on the command line. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The rule within the file, e.g. `rules[3]`. */
  readonly field: string;
}

/** The name of a rule, as in log lines and in the label `rule` of metrics, e.g. `rules[3]`. */
export function ruleName({ field }: RuleOrigin): string {
  return field;
}

/** Where a reader finds the rule, e.g. `/etc/adapter/config.yaml:12`. */
export function formatOrigin({ file, line }: RuleOrigin): string {
  return `${file}:${line}`;
}

import { SINCE_3_5 } from '../syntax/availability.ts';
import type { ReportPromqlFault } from '../syntax/fault.ts';
import { type Unquoted, unquote } from '../syntax/unquote.ts';
import type { Checked } from './checked.ts';

/** Keywords that Prometheus' grammar does not accept as labels. */
const NO_LABELS: ReadonlySet<string> = new Set(['inf', 'nan', 'without']);

/** Checks a list of labels such as that of `by (pod, "a.b")`. */
export function checkLabelList(
  text: string,
  { parts }: Pick<Checked, 'parts'>,
  report: ReportPromqlFault,
): void {
  for (const { node, from, to } of parts) {
    const written = text.slice(from, to);
    if (node === 'LabelName' && NO_LABELS.has(written.toLowerCase())) {
      report(from, to, `\`${written}\` cannot be a label in a list of labels`);
    } else if (node === 'LabelName' && written.includes(':')) {
      report(from, to, `a label with a colon (\`${written}\`)`, SINCE_3_5);
    } else if (node === 'QuotedLabelName') {
      checkQuotedLabel({ from, to }, unquote(written), report);
    }
  }
}

function checkQuotedLabel(
  { from, to }: Pick<Checked, 'from' | 'to'>,
  { text, isUtf8 }: Unquoted,
  report: ReportPromqlFault,
): void {
  if (text === '') {
    report(from, to, 'a label in a list of labels must not be empty');
  } else if (isUtf8 === false) {
    report(from, to, 'a label in a list of labels must be valid UTF-8');
  } else {
    report(from, to, 'a quoted label name in a list of labels', SINCE_3_5);
  }
}

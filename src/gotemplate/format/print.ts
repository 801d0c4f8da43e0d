import { BoundedText } from '../limits.ts';
import { type TemplateValue, typeName } from '../value.ts';
import { formatArgument } from './argument.ts';
import { NO_FLAGS } from './flags.ts';

/** Prints values as Go's `fmt.Sprint`: with a space between two values if neither is a string. */
export function print(values: readonly TemplateValue[]): string {
  const text = new BoundedText();
  values.forEach((value, i) => {
    const previous = values[i - 1];
    if (i > 0 && typeof value !== 'string' && typeof previous !== 'string') {
      text.append(' ');
    }
    text.append(formatArgument(value, 'v', NO_FLAGS));
  });
  return text.toString();
}

/** Prints values as Go's `fmt.Sprintln`: with spaces between them and a line feed at the end. */
export function printLine(values: readonly TemplateValue[]): string {
  const text = new BoundedText();
  values.forEach((value, i) => {
    text.append(i > 0 ? ' ' : '');
    text.append(formatArgument(value, 'v', NO_FLAGS));
  });
  text.append('\n');
  return text.toString();
}

/** A value in Go's message about extra arguments: `string=x`. */
export function describeExtra(value: TemplateValue): string {
  return value === null ? '<nil>' : `${typeName(value)}=${formatArgument(value, 'v', NO_FLAGS)}`;
}

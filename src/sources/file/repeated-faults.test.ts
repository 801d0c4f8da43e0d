import { describe, expect, it } from 'vitest';
import type { Fault } from './fault.ts';
import { limitRepeats } from './repeated-faults.ts';

function fault(line: number, message: string, severity: Fault['severity'] = 'warning'): Fault {
  return { severity, file: 'f', line, column: 1, field: `rules[${line}]`, message };
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe('limitRepeats', () => {
  it('shows a few faults unchanged', () => {
    const faults = times(20, (line) => fault(line, `no label \`l${line}\``));
    expect(limitRepeats(faults)).toEqual({ shown: faults, omitted: [] });
  });

  it('shows 20 of each kind, ignoring quoted texts', () => {
    const labels = times(1000, (line) => fault(line, `no label \`l${line}\`, character ${line}`));
    const names = times(30, (line) => fault(line, `no resource "r\\"${line}"`));
    const broken = times(3, (line) => fault(line, 'no label `x`, character 1', 'broken'));
    const { shown, omitted } = limitRepeats([...labels, ...names, ...broken]);
    expect(shown).toEqual([...labels.slice(0, 20), ...names.slice(0, 20), ...broken]);
    expect(omitted).toEqual([
      { like: labels[20], count: 980 },
      { like: names[20], count: 10 },
    ]);
  });

  it('shows the most severe kinds if there are many', () => {
    const letters = (index: number): string => String.fromCodePoint(0x4e00 + index);
    const warnings = times(200, (line) => fault(line, letters(line)));
    const error = fault(500, 'an error', 'error');
    const { shown, omitted } = limitRepeats([...warnings, error]);
    expect(shown).toEqual([...warnings.slice(0, 49), error]);
    expect(omitted).toEqual([{ like: warnings[49], count: 151 }]);
  });
});

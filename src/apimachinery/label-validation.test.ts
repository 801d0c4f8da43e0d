import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelKeyFaults, labelValueFaults } from './label-validation.ts';

/** The rules of the documentation, character by character. */
function isName(text: string): boolean {
  const inner = [...text].every((character) => /[-A-Za-z0-9_.]/.test(character));
  return text.length <= 63 && inner && [text.at(0), text.at(-1)].every(isAlphanumeric);
}

function isSubdomain(text: string): boolean {
  const labels = text.split('.');
  return (
    text.length <= 253 &&
    labels.every(
      (label) =>
        [...label].every((character) => /[-a-z0-9]/.test(character)) &&
        [label.at(0), label.at(-1)].every(isAlphanumeric),
    )
  );
}

function isAlphanumeric(character: string | undefined): boolean {
  return character !== undefined && /[A-Za-z0-9]/.test(character);
}

const nearlyKey = fc
  .array(
    fc.constantFrom('a', 'B', '0', '-', '_', '.', '/', 'ä', 'x'.repeat(60), 'y.'.repeat(120)),
    {
      maxLength: 7,
    },
  )
  .map((parts) => parts.join(''));

describe('labelKeyFaults', () => {
  it('reports faults exactly if a rule is violated', () => {
    fc.assert(
      fc.property(nearlyKey, (key) => {
        const parts = key.split('/');
        const valid =
          parts.length <= 2 && isName(parts.at(-1) ?? '') && parts.slice(0, -1).every(isSubdomain);
        expect(labelKeyFaults(key).length === 0).toBe(valid);
      }),
      { numRuns: 2000 },
    );
  });

  it('reports every fault of the prefix and of the name', () => {
    const faults = labelKeyFaults(`${'P'.repeat(254)}/${'-'.repeat(64)}`);
    expect(faults.map((fault) => fault.slice(0, 30))).toEqual([
      'prefix part must be no more th',
      'prefix part a DNS-1123 subdoma',
      'name part must be no more than',
      'name part must consist of alph',
    ]);
  });
});

describe('labelValueFaults', () => {
  it('reports faults exactly if a rule is violated', () => {
    fc.assert(
      fc.property(nearlyKey, (value) => {
        expect(labelValueFaults(value).length === 0).toBe(value === '' || isName(value));
      }),
      { numRuns: 2000 },
    );
  });

  it('counts bytes', () => {
    expect(labelValueFaults('ä'.repeat(31))).toHaveLength(1);
    expect(labelValueFaults('ä'.repeat(32))).toHaveLength(2);
  });
});

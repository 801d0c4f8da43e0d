import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBoundedLabel, OTHER } from './bounded-label.ts';

describe('createBoundedLabel', () => {
  it('distinguishes values after a trusted source has had them', () => {
    const label = createBoundedLabel(2);
    expect(label('pods', false)).toBe(OTHER);
    expect(label('pods', true)).toBe('pods');
    expect(label('pods', false)).toBe('pods');
    expect(label('nodes', true)).toBe('nodes');
    expect(label('services', true)).toBe(OTHER);
    expect(label('nodes', true)).toBe('nodes');
  });

  it('never exceeds its limit', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.boolean())), fc.nat(10), (calls, most) => {
        const label = createBoundedLabel(most);
        const values = new Set(calls.map(([value, isTrusted]) => label(value, isTrusted)));
        values.delete(OTHER);
        expect(values.size).toBeLessThanOrEqual(most);
      }),
    );
  });
});

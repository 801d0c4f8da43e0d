import { describe, expect, it } from 'vitest';
import { errorText } from './error-text.ts';

const refused = () => Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' });

describe('errorText', () => {
  it('has the message and those of the causes', () => {
    const inner = new Error('no such file', { cause: refused() });
    const outer = new Error('cannot read the rules', { cause: inner });
    expect(errorText(outer)).toBe(
      'cannot read the rules: no such file: connect failed [ECONNREFUSED]',
    );
  });

  it('does not repeat a message that contains its cause', () => {
    const inner = new Error('timeout');
    expect(errorText(new Error('asking: timeout', { cause: inner }))).toBe('asking: timeout');
  });

  it('has the code once', () => {
    const error = Object.assign(new Error('connect ECONNREFUSED ::1'), { code: 'ECONNREFUSED' });
    expect(errorText(error)).toBe('connect ECONNREFUSED ::1');
  });

  it('has the errors of an AggregateError', () => {
    const error = new AggregateError([new Error('first'), refused()], 'both failed');
    expect(errorText(error)).toBe('both failed (first; connect failed [ECONNREFUSED])');
  });

  it('describes a value that is not an error', () => {
    expect(errorText('plain')).toBe('plain');
    expect(errorText(7)).toBe('thrown value of type number');
    expect(errorText(null)).toBe('thrown value of type object');
    expect(errorText(new Error('outer', { cause: 'inner' }))).toBe('outer: inner');
    expect(errorText(new TypeError(''))).toBe('TypeError');
  });

  it('supports circular causes', () => {
    const first = new Error('first');
    first.cause = new Error('second', { cause: first });
    expect(errorText(first)).toMatch(/^first: second/);
  });

  it('omits other properties of errors', () => {
    const error = Object.assign(new Error('failed'), {
      config: { headers: { Authorization: 'Bearer s3cret' } },
    });
    expect(errorText(error)).toBe('failed');
  });
});

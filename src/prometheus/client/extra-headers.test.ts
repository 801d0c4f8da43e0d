import { describe, expect, test } from 'vitest';
import { parseExtraHeaders } from './extra-headers.ts';

describe('parseExtraHeaders', () => {
  test('a name can occur several times, in any case', () => {
    expect(parseExtraHeaders(['X-Scope-OrgID=a', 'x-scope-orgid=b', 'Accept-Language=en'])).toEqual(
      new Map([
        ['x-scope-orgid', ['a', 'b']],
        ['accept-language', ['en']],
      ]),
    );
  });

  test('the first equals sign ends the name', () => {
    expect(parseExtraHeaders(['X-Key=a=b==']).get('x-key')).toEqual(['a=b==']);
  });

  test('a value may be empty or missing', () => {
    expect(parseExtraHeaders(['A=', 'B'])).toEqual(
      new Map([
        ['a', ['']],
        ['b', ['']],
      ]),
    );
  });

  test.each([
    ['=value', 'expected Name=value'],
    ['', 'expected Name=value'],
    ['A b=c', 'expected Name=value'],
    ['A=hush\r\nB: c', 'the value of A has characters'],
    ['Content-Length=3', 'Content-Length is set by the HTTP client itself'],
  ])('%j is rejected, without its value in the message', (entry, problem) => {
    const parse = () => parseExtraHeaders(['Ok=1', entry]);
    expect(parse).toThrow(`headers[1]: ${problem}`);
    expect(parse).not.toThrow('hush');
  });
});

import { describe, expect, it } from 'vitest';
import { goQuote } from './quote.ts';

describe('goQuote', () => {
  // Each right side is what Go's strconv.Quote prints (Prometheus 2.42 prints a matcher's value with it).
  it.each([
    ['', '""'],
    ['pay-a', '"pay-a"'],
    ['a b', '"a b"'],
    [`it's "so"`, `"it's \\"so\\""`],
    ['back\\slash', '"back\\\\slash"'],
    ['\x07\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
    ['\0\x1b\x1f\x7f', '"\\x00\\x1b\\x1f\\x7f"'],
    ['\x80\x9f', '"\\u0080\\u009f"'],
    ['héllo, 世界', '"héllo, 世界"'],
    ['no-break\u00a0space', '"no-break\\u00a0space"'],
    ['soft\u00adhyphen', '"soft\\u00adhyphen"'],
    ['zero\u200bwidth', '"zero\\u200bwidth"'],
    ['right\u202eto left', '"right\\u202eto left"'],
    ['line\u2028separator', '"line\\u2028separator"'],
    ['wide\u3000space', '"wide\\u3000space"'],
    ['\ufeffmark', '"\\ufeffmark"'],
    ['e\u0301', '"e\u0301"'],
    ['private \ue000 use', '"private \\ue000 use"'],
    ['\uffff', '"\\uffff"'],
    ['😀', '"😀"'],
    ['\u{e0001}', '"\\U000e0001"'],
    ['\u{10ffff}', '"\\U0010ffff"'],
    ['\ufffd', '"\ufffd"'],
    ['${1} `x`', '"${1} `x`"'],
  ])('quotes %j as Go does', (text, quoted) => {
    expect(goQuote(text)).toBe(quoted);
  });

  it('converts a lone surrogate to the replacement character, as UTF-8 does', () => {
    expect(goQuote('a\ud800b')).toBe('"a\ufffdb"');
    expect(goQuote('\udc00')).toBe('"\ufffd"');
  });
});

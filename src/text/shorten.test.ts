import { expect, it } from 'vitest';
import { echoedText, queryExcerpt } from './shorten.ts';

it.each([
  ['', ''],
  ['a'.repeat(200), 'a'.repeat(200)],
  ['a'.repeat(201), `${'a'.repeat(200)}…`],
])('echoedText', (text, echoed) => {
  expect(echoedText(text)).toBe(echoed);
});

it('shows a short query as a whole, on one line', () => {
  expect(queryExcerpt('sum(\n  x{,a="b"}\n)', 8, 9)).toBe('sum( x{,a="b"} )');
});

it('shows the context of the place in a long one', () => {
  const query = `${'a+'.repeat(500)}#${'+b'.repeat(500)}`;
  expect(queryExcerpt(query, 1000, 1001)).toBe(`…${'a+'.repeat(20)}#${'+b'.repeat(20)}…`);
  expect(queryExcerpt(query, 1000, 2000).length).toBeLessThan(150);
  expect(queryExcerpt(query, query.length, query.length)).toBe(`…${'+b'.repeat(20)}`);
});

import { expect, it } from 'vitest';
import { echoedText } from './echoed-text.ts';

it.each([
  ['', ''],
  ['a'.repeat(200), 'a'.repeat(200)],
  ['a'.repeat(201), `${'a'.repeat(200)}…`],
])('echoedText', (text, echoed) => {
  expect(echoedText(text)).toBe(echoed);
});

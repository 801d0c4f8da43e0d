import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandReferences } from './regexp.ts';

const groups = {
  byNumber: (number: number): string => ['all', 'one', 'two'][number] ?? '',
  byName: (name: string): string => (name === 'name' ? 'named' : name === '1x' ? 'odd' : ''),
};

describe('references', () => {
  test.each([
    ['plain', 'plain'],
    ['$0 $1 $2', 'all one two'],
    ['${1}${2}x', 'onetwox'],
    ['$1_x', ''],
    ['$1x', 'odd'],
    ['$1-x', 'one-x'],
    ['$name ${name}', 'named named'],
    ['$name_', ''],
    ['$9 ${12}', ' '],
    ['$$1', '$1'],
    ['$$$1', '$one'],
    ['$', '$'],
    ['a$', 'a$'],
    ['$-', '$-'],
    ['${', '${'],
    ['${1', '${1'],
    ['${}', '${}'],
    ['${ 1}', '${ 1}'],
    ['${1 }', '${1 }'],
    ['${01} $00', ' '],
    ['\\1', '\\1'],
    ['$größe', ''],
    ['$1é', ''],
    ['$١', ''],
    ['$999999999999', ''],
    ['$€1', '$€1'],
  ])('%s', (replacement, expanded) => {
    expect(expandReferences(replacement, groups)).toBe(expanded);
  });

  /** The same rules, applied character by character. */
  function model(replacement: string): string {
    const characters = [...replacement];
    const isWord = (character = ''): boolean => /^[\p{L}\p{Nd}_]$/u.test(character);
    let out = '';
    for (let i = 0; i < characters.length; i++) {
      if (characters[i] !== '$') {
        out += characters[i];
        continue;
      }
      if (characters[i + 1] === '$') {
        out += '$';
        i++;
        continue;
      }
      const start = characters[i + 1] === '{' ? i + 2 : i + 1;
      let end = start;
      while (isWord(characters[end])) {
        end++;
      }
      const name = characters.slice(start, end).join('');
      const isClosed = start === i + 1 || characters[end] === '}';
      if (name === '' || !isClosed) {
        out += '$';
        continue;
      }
      const number = Number(name);
      const isNumber = /^\d+$/.test(name) && String(number) === name;
      out += isNumber ? groups.byNumber(number) : groups.byName(name);
      i = start === i + 1 ? end - 1 : end;
    }
    return out;
  }

  test('agree with a simple model', () => {
    const piece = fc.constantFrom(
      '$',
      '${',
      '{',
      '}',
      '1',
      '0',
      '2',
      'x',
      'name',
      '_',
      ' ',
      'é',
      '$$',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const replacement = pieces.join('');
        expect(expandReferences(replacement, groups)).toBe(model(replacement));
      }),
      { numRuns: 3000 },
    );
  });
});

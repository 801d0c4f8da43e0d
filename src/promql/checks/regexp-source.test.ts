import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { outlineRegexp } from './regexp-source.ts';

describe('the groups of an expression', () => {
  test.each<[string, string[]]>([
    ['', []],
    ['(a)(?:b)((?i)c)(?i:d)', ['', '']],
    ['(?P<x>a)(?<y>b)(c)', ['x', 'y', '']],
    ['\\(a\\)(b)', ['']],
    ['[(](a)[^)](b)[]()](c)[^](](d)', ['', '', '', '']],
    ['[[:alpha:](](a)', ['']],
    ['[\\](](a)', ['']],
    ['\\Q(a)\\E(b)', ['']],
    ['\\Q(a)(b)', []],
    ['\\\\Q(a)', ['']],
    ['\\p{Greek}(a)\\x{41}(b)', ['', '']],
  ])('%s', (source, names) => {
    expect(outlineRegexp(source).groupNames).toEqual(names);
    expect(outlineRegexp(source).uniquelyNamed).toBe(source);
  });

  test.each([
    ['(?P<x>a)(?P<x>b)', '(?P<x>a)(?P<x_1>b)'],
    ['(?P<x>a)(?P<x_1>c)(?P<x>b)', '(?P<x>a)(?P<x_1>c)(?P<x_2>b)'],
    ['(?P<P>a)(?<P>b)', '(?P<P>a)(?<P_1>b)'],
    ['(?P<x>a)(?P<x>?i)', '(?P<x>a)(?P<x_1>?i)'],
    ['(?P<x>a)[(?P<x>a)]\\Q(?P<x>a)', '(?P<x>a)[(?P<x>a)]\\Q(?P<x>a)'],
  ])('%s is made unique', (source, unique) => {
    expect(outlineRegexp(source).uniquelyNamed).toBe(unique);
  });
});

describe('the size of an expression', () => {
  test.each([
    ['abc', 3],
    ['a{10}', 20],
    ['(abc){100}', 600],
    ['((ab){10}){10}', 530],
    ['[a-z]{1,1000}', 2000],
    ['(?P<x>ab){10}', 50],
    ['(?i)ab{3}', 7],
    ['(?i:ab){3}', 15],
    ['((ab', 6],
    ['(a(b{10}', 25],
    ['\\Qabc\\E', 3],
    ['\\Qabc', 3],
    ['a\\Qabc\\E{10}', 23],
    ['\\d{10}', 20],
    ['\\x{41}{5}', 10],
    ['a{x', 3],
    ['[]a]{10}', 20],
    ['(?:abc){2,}', 12],
    ['a{2}{3}', 15],
    ['a)b', 2],
  ])('%s', (source, size) => {
    expect(outlineRegexp(source).size).toBe(size);
  });

  test('any text has an outline and, without repeated names, does not change', () => {
    const piece = fc.constantFrom(...'()[]{}\\QEpx^$*+?|<>P:,19a'.split(''));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const source = pieces.join('');
        const { groupNames, uniquelyNamed } = outlineRegexp(source);
        const names = groupNames.filter((name) => name !== '');
        if (new Set(names).size === names.length) {
          expect(uniquelyNamed).toBe(source);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('repetitions and names of outlineRegexp', () => {
  test.each([
    ['a', 1],
    ['a{5}', 5],
    ['a{2,7}b{3}', 7],
    ['(a{5}b{6}){7}', 42],
    ['((a{2}){3}|b{4}){5}c{29}', 30],
    ['a{0}', 1],
    ['[a{5}]', 1],
    ['\\Qa{5}\\E', 1],
    ['(a{9}', 9],
  ])('counts those of %j', (source, repetitions) => {
    expect(outlineRegexp(source).repetitions).toBe(repetitions);
  });

  test.each([
    ['(?<a>b)', true],
    ['(?P<a>b)(?<c>d)', true],
    ['(?P<a>b)', false],
    ['(?:a)', false],
    ['[(?<a>b)]', false],
  ])('determines whether %j has a name without P', (source, expected) => {
    expect(outlineRegexp(source).hasNameWithoutP).toBe(expected);
  });
});

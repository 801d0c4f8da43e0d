import { expect, it } from 'vitest';
import { inspectQuery } from './check.ts';

it.each([
  ['inf, a', ['inf'], []],
  ['a, NaN, Without', ['NaN', 'Without'], []],
  ['"inf"', [], ['"inf"']],
  ['a:b, c', [], ['a:b']],
  ['"a:b"', [], ['"a:b"']],
  ['a, "", c', ['""'], []],
  ["a, '', `` ", ["''", '``'], []],
  ['"a.b", c, \'d\'', [], ['"a.b"', "'d'"]],
  ['a, by, on, sum', [], []],
  ['', [], []],
])(
  'reports the constructs that releases reject in the list of labels (%s)',
  (list, refused, limited) => {
    for (const query of [`sum by (${list}) (up)`, `up + on (${list}) up`]) {
      const { faults, limits } = inspectQuery(query);
      const written = ({ offset, end }: { offset: number; end: number }) =>
        query.slice(offset, end);
      expect(faults.map(written)).toEqual(refused);
      if (refused.length === 0) expect(limits.map(written)).toEqual(limited);
    }
  },
);

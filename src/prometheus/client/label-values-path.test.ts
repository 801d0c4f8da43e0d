import { describe, expect, test } from 'vitest';
import { labelValuesPath } from './label-values-path.ts';

describe('labelValuesPath', () => {
  test.each([
    ['pod', 'pod'],
    ['__name__', '__name__'],
    ['http.status_code', 'U__http_2e_status__code'],
    ['0a', 'U___30_a'],
    ['a0', 'a0'],
    ['größe', 'U__gr_f6__df_e'],
    ['a/../b?c', 'U__a_2f__2e__2e__2f_b_3f_c'],
    ['😀', 'U___1f600_'],
  ])('%j', (label, name) => {
    expect(labelValuesPath(label)).toBe(`/api/v1/label/${name}/values`);
  });
});

import { expect, test } from 'vitest';
import { complaints } from './complaints.ts';

const LOG = `I1122 04:21:34.284822    3487 available_controller.go:475] v1beta1.custom.metrics.k8s.io: fine
E1122 04:21:34.284822    3487 available_controller.go:508] v1beta1.custom.metrics.k8s.io failed with: no answer
W1122 04:21:35.000000    3487 other.go:1] nothing about it
E1122 04:21:42.427391    3487 controller.go:116] loading OpenAPI spec for "v1beta1.custom.metrics.k8s.io" failed with: failed to retrieve openAPI spec, http error: ResponseCode: 503, Body: service unavailable
E1122 04:21:43.427391    3487 controller.go:116] loading OpenAPI spec for "v1beta1.custom.metrics.k8s.io" failed with: OpenAPI spec does not exist
`;

test('errors and warnings about the metrics APIs are complaints, other lines are not', () => {
  expect(complaints(LOG).map((line) => line.slice(0, 14))).toEqual([
    'E1122 04:21:34',
    'E1122 04:21:43',
  ]);
});

test('earlier lines are omitted', () => {
  expect(complaints(LOG, LOG.indexOf('W1122')).map((line) => line.slice(0, 14))).toEqual([
    'E1122 04:21:43',
  ]);
});

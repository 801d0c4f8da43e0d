import { describe, expect, it } from 'vitest';
import { readNotices } from './notices.ts';

const read = (envelope: Readonly<Record<string, unknown>>) =>
  readNotices(envelope, (text) => text.replaceAll('secret', '***'));

describe('the notices of a response', () => {
  it.each([
    ['Thanos', 'receive series from Addr: 10.0.0.1:10901: rpc error: code = Unavailable'],
    ['Thanos without stores', 'No StoreAPIs matched for this query'],
    ['remote read', 'remote_read: error sending request: connection refused'],
    ['Cortex', 'Query result may contain partial data.'],
    ['a limit', 'results truncated due to limit'],
  ])('a warning of %s means a partial response', (_, warning) => {
    expect(read({ warnings: [warning] })).toEqual({ partial: [warning], annotations: [] });
  });

  it('PromQL annotations do not mean a partial response', () => {
    const warning = 'PromQL warning: vector contains a mix of histograms and floats (1:5)';
    const info = 'PromQL info: metric might not be a counter: "a" (1:6)';
    expect(read({ warnings: [warning], infos: [info] })).toEqual({
      partial: [],
      annotations: [info, warning],
    });
    // Before Prometheus 2.53.
    expect(read({ warnings: [info] })).toEqual({ partial: [], annotations: [info] });
  });

  it('vmselect marks a partial response', () => {
    expect(read({ isPartial: true }).partial).toHaveLength(1);
    expect(read({ isPartial: false })).toEqual({ partial: [], annotations: [] });
  });

  it('is limited, without secrets, and nothing but text', () => {
    const { partial } = read({ warnings: Array(50).fill(`secret ${'x'.repeat(1000)}`) });
    expect(partial).toHaveLength(10);
    expect(partial[0]).toMatch(/^\*\*\* x{493}$/);
    expect(read({ warnings: 'a', infos: [1, null, {}] })).toEqual({ partial: [], annotations: [] });
  });
});

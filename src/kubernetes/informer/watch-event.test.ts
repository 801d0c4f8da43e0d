import { describe, expect, it } from 'vitest';
import { metadataFormat } from '../objects/object-metadata.ts';
import { parseWatchEvent } from './watch-event.ts';

const parse = (text: string, what = 'watch') => parseWatchEvent(text, metadataFormat, what);

const line = (type: string, object: unknown) => JSON.stringify({ type, object });
const metadata = {
  name: 'web-0',
  namespace: 'shop',
  labels: { app: 'web' },
  creationTimestamp: '2026-01-31T08:15:00Z',
  resourceVersion: '17',
};

describe('parseWatchEvent', () => {
  it.each(['ADDED', 'MODIFIED', 'DELETED'])('parses %s', (type) => {
    expect(parse(line(type, { metadata }))).toEqual({
      type,
      item: {
        name: 'web-0',
        namespace: 'shop',
        labels: { app: 'web' },
        createdAt: Date.UTC(2026, 0, 31, 8, 15) / 1000,
      },
      resourceVersion: '17',
    });
  });

  it('parses an object without optional fields', () => {
    const node = { metadata: { name: 'node-1', labels: null, creationTimestamp: null } };
    expect(parse(line('ADDED', node))).toEqual({
      type: 'ADDED',
      item: { name: 'node-1', namespace: '', labels: {}, createdAt: undefined },
      resourceVersion: '',
    });
  });

  it('parses a bookmark', () => {
    const bookmark = line('BOOKMARK', { metadata: { resourceVersion: '99' } });
    expect(parse(bookmark)).toEqual({ type: 'BOOKMARK', resourceVersion: '99' });
  });

  it.each([
    [400, 'rejected'],
    [410, 'gone'],
    [429, 'server_error'],
    [500, 'server_error'],
    [403, 'forbidden'],
  ])('throws the error of an ERROR event: %i', (code, kind) => {
    const error = line('ERROR', { kind: 'Status', code, message: 'too old resource version' });
    expect(() => parse(error, 'watch of pods')).toThrow(
      expect.objectContaining({
        kind,
        message: 'watch of pods: the API server ended it: too old resource version',
      }),
    );
  });

  it.each([
    'null',
    '[]',
    '<html>',
    '{"type":"ADDED"}',
    line('ADDED', { metadata: {} }),
    line('ADDED', { metadata: { name: 'a', labels: { app: 1 } } }),
    line('ADDED', { metadata: { name: 'a', labels: ['app'] } }),
    line('RENAMED', { metadata }),
    line('ERROR', 'x'),
    line('ERROR', { code: 'x' }),
    line('ERROR', { code: 399 }),
    line('ERROR', { code: 410.5 }),
  ])('rejects %s', (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ kind: 'bad_answer' }));
  });
});

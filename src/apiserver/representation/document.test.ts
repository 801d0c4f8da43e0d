import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createDocument } from './document.ts';
import { encode } from './encode.ts';
import { JSON_TYPE, objectMediaTypes, PROTOBUF_TYPE, YAML_TYPE } from './negotiation.ts';

const object = { kind: 'APIGroup', apiVersion: 'v1', name: 'custom.metrics.k8s.io', versions: [] };

describe('createDocument', () => {
  it('creates each representation once, and indents JSON only', () => {
    const document = createDocument(object);
    for (const type of objectMediaTypes) {
      for (const pretty of [false, true]) {
        const content = document.content(type, pretty);
        expect(content.bytes()).toEqual([encode(object, type, pretty)]);
        expect(document.content(type, pretty)).toBe(content);
      }
    }
    for (const type of [YAML_TYPE, PROTOBUF_TYPE] as const) {
      expect(document.content(type, true)).toBe(document.content(type, false));
    }
    expect(document.content(JSON_TYPE, true)).not.toBe(document.content(JSON_TYPE, false));
  });

  it('is compressed once', async () => {
    const content = createDocument(object).content(JSON_TYPE, false);
    const compressed = await content.gzipped();
    expect(await content.gzipped()).toBe(compressed);
    expect([gunzipSync(Buffer.concat(compressed))]).toEqual(content.bytes());
  });

  it('has a tag that depends on the content only', () => {
    const { etag } = createDocument({ ...object });
    expect(etag).toMatch(/^"[0-9A-F]{128}"$/);
    expect(createDocument(object).etag).toBe(etag);
    expect(createDocument({ ...object, name: 'metrics.k8s.io' }).etag).not.toBe(etag);
  });

  it('has no YAML if that would block the event loop', () => {
    const name = 'x'.repeat(512 * 1024);
    const document = createDocument({ ...object, name });
    const tooLarge = expect.objectContaining({ status: expect.objectContaining({ code: 406 }) });
    expect(() => document.content(YAML_TYPE, false)).toThrow(tooLarge);
    expect(() => encode({ ...object, name }, YAML_TYPE, false)).toThrow(tooLarge);
    expect(document.content(JSON_TYPE, false).length).toBeGreaterThan(name.length);
  });
});

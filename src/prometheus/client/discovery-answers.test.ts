import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAnswerMemory } from './answer-memory.ts';
import { type SeriesLabelNames, seriesReader } from './discovery-answers.ts';
import type { AnswerHead } from './envelope.ts';
import { largeAnswerReader, readSmallAnswer } from './list-answer.ts';

const OK: AnswerHead = { status: 200, location: undefined, redact: (text) => text };

/** Reads a body as a large and as a small response. */
async function read(body: Buffer | string, chunkLength = 65_536, head = OK) {
  const bytes = Buffer.from(body);
  const small = (async () => readSmallAnswer(bytes, head, seriesReader))();
  const [asSmall, asLarge] = await Promise.allSettled([small, readLarge(bytes, chunkLength, head)]);
  expect(asLarge.status).toBe(asSmall.status);
  if (asSmall.status === 'fulfilled') expect(asLarge).toEqual(asSmall);
  else expect(asSmall.reason.kind).toBe(head.status === 400 ? 'bad_query' : 'bad_answer');
  return readLarge(bytes, chunkLength, head);
}

async function readLarge(bytes: Buffer, chunkLength: number, head: AnswerHead) {
  const share = createAnswerMemory(1_000_000).open();
  const reader = largeAnswerReader(head, share, new AbortController().signal, seriesReader);
  for (let at = 0; at < bytes.length; at += chunkLength) {
    await reader.push(bytes.subarray(at, at + chunkLength));
  }
  return reader.end();
}

/** The same by reading the JSON as a whole. */
function namesOf(series: readonly Readonly<Record<string, string>>[]): SeriesLabelNames {
  const names = new Map<string, Set<string>>();
  for (const { __name__: name, ...labels } of series) {
    if (name !== undefined) {
      names.set(name, new Set([...(names.get(name) ?? []), ...Object.keys(labels)]));
    }
  }
  return names;
}

// A key of one backslash makes V8's JSON.parse misread keys after it, in this process's other tests
// too: https://github.com/nodejs/node/issues/63785
const labelName = fc
  .oneof(
    fc.constantFrom('__name__', 'pod', '__proto__', '{', '"', '\\\\'),
    fc.string({ unit: 'grapheme' }),
  )
  .filter((name) => name !== '\\');

const labelSet = fc.dictionary(
  labelName,
  fc.oneof(fc.constantFrom('a', 'b', ']}', '\\"', '\\'), fc.string({ unit: 'grapheme' })),
);

describe('seriesReader', () => {
  test('gathers label names by series name, in the order of the answer', async () => {
    const { value: series, notices } = await read(
      `{"status":"success","warnings":["a [{ \\" warning"],"data":[
        {"__name__":"b","pod":"1","namespace":"x"},
        {"__name__":"a","pod":"1"},
        {"job":"nameless"},
        {"__name__":"b","node":"2"} ] }`,
    );
    expect([...series]).toEqual([
      ['b', new Set(['pod', 'namespace', 'node'])],
      ['a', new Set(['pod'])],
    ]);
    expect(notices.partial).toEqual(['a [{ " warning']);
  });

  test('returns the same as parsing at once, for any labels and chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(labelSet),
        fc.constantFrom(undefined, 2),
        fc.integer({ min: 1, max: 40 }),
        async (data, indent, chunkLength) => {
          const body = JSON.stringify({ status: 'success', data }, undefined, indent);
          const { value: series } = await read(body, chunkLength);
          expect([...series]).toEqual([...namesOf(data)]);
        },
      ),
    );
  });

  test('a response that is truncated anywhere is rejected', async () => {
    const body = '{"status":"success","data":[{"__name__":"a","b":"c"},{"__name__":"d"}]}';
    for (let length = 0; length < body.length; length += 1) {
      await expect(read(body.slice(0, length))).rejects.toThrow(
        expect.objectContaining({ kind: 'bad_answer' }),
      );
    }
    await expect(read(body)).resolves.toBeDefined();
  });

  test.each([
    ['{"status":"success"}', 'data is not a list of label sets'],
    ['{"status":"success","data":{}}', 'data is not a list of label sets'],
    ['{"status":"success","data":[{}],"data":{}}', 'data is not a list of label sets'],
    ['{"status":"success","data":[0]}', 'data[0] is not an object'],
    ['{"status":"success","data":[{"__name__":"a"},"b"]}', 'data[1] is not an object'],
    ['{"status":"success","data":[[{"__name__":"a"}]]}', 'data[0] is not an object'],
    ['{"status":"success","data":[{"__name__":"a"},]}', 'data[0] is not an object'],
    ['{"status":"success","data":[,]}', 'data[0] is not an object'],
    ['{"status":"success","data":[{"__name__":"a"} {"__name__":"a"}]}', 'data[0] is not an obj'],
    ['{"status":"success","data":[{"__name__":"a",}]}', 'data[0] is not an object'],
    ['{"status":"success","data":[{"a":"b"},{"__name__":1}]}', 'data[1]["__name__"] is not a'],
    ['[[{"__name__":"a"}]]', 'not one of the Prometheus HTTP API'],
    ['}]}{"status":"success","data":[]}', 'not one of the Prometheus HTTP API'],
    ['<html>', 'not one of the Prometheus HTTP API: <html>'],
  ])('%s is rejected', async (body, problem) => {
    await expect(read(body)).rejects.toThrow(
      expect.objectContaining({ kind: 'bad_answer', message: expect.stringContaining(problem) }),
    );
  });

  test('text that is not UTF-8 is rejected', async () => {
    const body = Buffer.from('{"status":"success","data":[{"__name__":"\xff"}]}', 'latin1');
    await expect(read(body)).rejects.toThrow('data[0] is not an object');
  });

  test('has the error of Prometheus', async () => {
    const body =
      '{"status":"error","errorType":"bad_data","error":"no match[] parameter provided"}';
    await expect(read(body, 10, { ...OK, status: 400 })).rejects.toThrow(
      expect.objectContaining({ kind: 'bad_query', detail: 'no match[] parameter provided' }),
    );
  });
});

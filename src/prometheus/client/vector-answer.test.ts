import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readQueryAnswer } from './answer.ts';
import { createAnswerMemory } from './answer-memory.ts';
import { type AnswerHead, openEnvelope } from './envelope.ts';
import { largeAnswerReader } from './list-answer.ts';
import { queryReader } from './vector-answer.ts';

const OK: AnswerHead = { status: 200, location: undefined, redact: (text) => text };

async function readLarge(body: string, chunkLength: number) {
  const { signal } = new AbortController();
  const reader = largeAnswerReader(OK, createAnswerMemory(2 ** 30).open(), signal, queryReader);
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += chunkLength) {
    await reader.push(bytes.subarray(at, at + chunkLength));
  }
  const { value: answer } = await reader.end();
  return answer.type === 'vector' ? { ...answer, samples: [...answer.samples] } : answer;
}

const readSmall = async (body: string) => readQueryAnswer(openEnvelope(Buffer.from(body), OK).data);

// See discovery-answers.test.ts about a key of one backslash.
const labels = fc.dictionary(
  fc
    .oneof(
      fc.constantFrom('__proto__', 'data', 'result', ',', '"', '[{'),
      fc.string({ unit: 'grapheme' }),
    )
    .filter((name) => name !== '\\'),
  fc.oneof(fc.constantFrom(']}', '\\"', ','), fc.string({ unit: 'grapheme' })),
);

const sample = fc.record({
  metric: labels,
  value: fc.tuple(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom('1', 'NaN', '-Inf', '1e3'),
  ),
});

const envelope = (resultType: string, result: unknown, indent?: number) =>
  JSON.stringify({ status: 'success', data: { resultType, result } }, undefined, indent);

describe('queryReader', () => {
  test('returns the same as parsing at once, for any chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sample),
        fc.constantFrom(undefined, 2),
        fc.integer({ min: 1, max: 50 }),
        async (result, indent, chunkLength) => {
          const body = envelope('vector', result, indent);
          expect(await readLarge(body, chunkLength)).toEqual(await readSmall(body));
        },
      ),
    );
  });

  test.each([
    [
      'many samples',
      envelope(
        'vector',
        Array.from({ length: 5_000 }, (_, i) => ({ metric: { i: String(i) }, value: [1.5, '2'] })),
      ),
    ],
    ['a scalar', envelope('scalar', [1.5, '2'])],
    ['a text', envelope('string', [1.5, 'x'])],
    ['a matrix', envelope('matrix', [{ metric: {}, values: [[1, '2']] }])],
    ['none', envelope('vector', null)],
    [
      'data before its type',
      '{"data":{"result":[{"metric":{},"value":[1,"2"]}],"resultType":"vector"},"status":"success"}',
    ],
  ])('%s', async (_, body) => {
    expect(await readLarge(body, 10_000)).toEqual(await readSmall(body));
  });

  test.each([
    [
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]}}',
      'data.result[0].value[1] is not a number',
    ],
    [
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]},3]}}',
      'data.result[1] is not an object',
    ],
    [
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]},]}}',
      'data.result[0] is not an object',
    ],
    [
      '{"status":"success","data":{"resultType":"vector","result":[{}],"result":[0]}}',
      'data.result is not one array',
    ],
    [
      '{"status":"success","data":{"resultType":"scalar","result":["2"]}}',
      'data.result[0] is not a time',
    ],
    ['{"status":"success","data":{"resultType":"other","result":[1]}}', 'data.resultType is not'],
    [
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}',
      'not one of the Prometheus HTTP API',
    ],
  ])('%s is rejected', async (body, problem) => {
    await expect(readLarge(body, 7)).rejects.toThrow(
      expect.objectContaining({ kind: 'bad_answer', message: expect.stringContaining(problem) }),
    );
  });

  test('endless text around the list is rejected', async () => {
    const padding = 'x'.repeat(2 ** 21);
    await expect(
      readLarge(`{"status":"success","data":{"y":"${padding}"}}`, 65_536),
    ).rejects.toThrow('more than 1048576 bytes are not elements of data.result');
  });

  test('there are no samples after their memory is released', async () => {
    const { signal } = new AbortController();
    const share = createAnswerMemory(2 ** 20).open();
    const reader = largeAnswerReader(OK, share, signal, queryReader);
    const result = [{ metric: { pod: 'a' }, value: [1, 'NaN'] }];
    await reader.push(Buffer.from(envelope('vector', result)));
    const { value: answer } = await reader.end();
    share.release();
    expect(answer.type === 'vector' ? [...answer.samples] : answer).toEqual([]);
  });
});

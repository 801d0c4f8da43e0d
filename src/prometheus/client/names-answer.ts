import { readName, readNames, unexpected } from './answer.ts';
import type { AnswerShare } from './answer-memory.ts';
import type { AnswerReader } from './body.ts';
import { type AnswerHead, openEnvelope } from './envelope.ts';
import { elementsOf, isListOfBatches, listBatches } from './list-batches.ts';
import type { AnswerNotices } from './notices.ts';

export interface NoticedNames {
  readonly names: readonly string[];
  readonly notices: AnswerNotices;
}

/** Reads a small answer of `/api/v1/labels` or `/api/v1/label/<name>/values`. */
export function readNamesAnswer(body: Buffer, head: AnswerHead): NoticedNames {
  const { data, notices } = openEnvelope(body, head);
  return { names: readNames(data), notices };
}

/**
 * Reads a large response, each name as it arrives.
 *
 * @param share accounts for the bytes of the response; the caller has to release it
 */
export function namesReader(
  head: AnswerHead,
  share: AnswerShare,
  signal: AbortSignal,
): AnswerReader<NoticedNames> {
  const names: string[] = [];
  let batches = 0;
  const list = listBatches(['data'], (batch) => {
    const elements = elementsOf(batch);
    if (elements === undefined) throw unexpected(`data[${names.length}]`, 'a string');
    for (const element of elements) names.push(readName(element, names.length));
    batches += 1;
  });
  return {
    push(chunk) {
      const waiting = share.take(chunk.length, signal);
      if (waiting !== undefined) return waiting.then(() => list.push(chunk));
      list.push(chunk);
      return undefined;
    },
    async end() {
      const { data, notices } = openEnvelope(list.rest(), head);
      if (batches === 0) return { names: readNames(data), notices };
      if (!isListOfBatches(data, batches)) throw unexpected('data', 'one array');
      return { names, notices };
    },
  };
}

import { isUtf8 } from 'node:buffer';
import { PrometheusError } from '../errors.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** In bytes: parsing one batch takes about half a millisecond. */
const BATCH = 32 * 1024;

/**
 * In bytes. Series of real systems are much shorter. Targets choose the length of their label values,
 * and parsing a longer element blocks the event loop.
 */
const LONGEST_ELEMENT = 1024 * 1024;

/** In characters. The text around the list of a real response is much shorter. */
const LONGEST_REST = 1024 * 1024;

/** Splits a JSON text while it arrives. */
export interface ListBatches {
  /**
   * @throws PrometheusError `bad_answer` if the text around the list is too long, `too_large` if an
   *   element is
   */
  push(chunk: Buffer): void;
  /**
   * The whole text with the list replaced by one of zeros, one for each batch: parsing it shows
   * whether the text around the elements is JSON, and how many batches there were.
   */
  rest(): Buffer;
  /** The memory of the text that is in no batch, in bytes. */
  heldBytes(): number;
}

/**
 * Cuts a list out of a JSON object, so that a long list is never parsed in one piece.
 *
 * @param path the keys that lead to the list, e.g. `['data', 'result']`
 * @param onBatch called with the text of complete elements with the commas between them. It is only
 *   known that brackets and quotes are closed.
 */
export function listBatches(
  path: readonly string[],
  onBatch: (elements: Buffer) => void,
): ListBatches {
  const longestKey = Math.max(...path.map((key) => key.length));
  const rest: string[] = [];
  let restLength = 0;
  // The number of open objects and lists, and the number of those that are on the path.
  let depth = 0;
  let onPath = 0;
  // The depth of the elements of the list while it is open, otherwise 0.
  let listDepth = 0;
  let isInString = false;
  let isEscaped = false;
  let key: string | undefined;
  let isKeyOpen = false;
  // The elements that are not in a batch yet.
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let isFirst = true;

  function keepRest(text: string): void {
    rest.push(text);
    restLength += text.length;
    if (restLength > LONGEST_REST) {
      throw new PrometheusError(
        'bad_answer',
        `in the response, more than ${LONGEST_REST} bytes are not elements of ${path.join('.')}`,
      );
    }
  }

  function keepPending(piece: Buffer): void {
    if (piece.length === 0) return;
    pending.push(piece);
    pendingBytes += piece.length;
  }

  function finishBatch(isLast: boolean): void {
    // A copy, since a slice would keep the whole chunk in memory.
    const batch = Buffer.concat(pending);
    pending = [];
    pendingBytes = 0;
    if (isLast && isFirst && isBlank(batch)) return;
    keepRest(isFirst ? '0' : ',0');
    isFirst = false;
    onBatch(batch);
  }

  function open(byte: number): boolean {
    const isStep =
      listDepth === 0 && onPath === depth - 1 && key !== undefined && key === path[depth - 1];
    depth += 1;
    key = undefined;
    if (depth === 1) {
      onPath = byte === OPEN_BRACE ? 0 : -1;
      return false;
    }
    if (!isStep) return false;
    if (depth - 1 < path.length) {
      if (byte === OPEN_BRACE) onPath = depth - 1;
      return false;
    }
    return byte === OPEN_BRACKET;
  }

  function push(chunk: Buffer): void {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (isInString) {
        if (isEscaped) {
          isEscaped = false;
        } else if (byte === BACKSLASH) {
          isEscaped = true;
        } else if (byte === QUOTE) {
          isInString = false;
          isKeyOpen = false;
          continue;
        }
        if (isKeyOpen && key !== undefined && key.length <= longestKey) {
          key += String.fromCharCode(byte);
        }
      } else if (byte === QUOTE) {
        isInString = true;
        if (listDepth === 0 && onPath === depth - 1) {
          key = '';
          isKeyOpen = true;
        }
      } else if (byte === COMMA) {
        if (listDepth === 0) {
          key = undefined;
        } else if (depth === listDepth && pendingBytes + at - from >= BATCH) {
          keepPending(chunk.subarray(from, at));
          finishBatch(false);
          from = at + 1;
        }
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (open(byte)) {
          listDepth = depth;
          keepRest(chunk.toString('latin1', from, at + 1));
          from = at + 1;
          isFirst = true;
        }
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (depth === listDepth) {
          keepPending(chunk.subarray(from, at));
          finishBatch(true);
          from = at;
          listDepth = 0;
        }
        depth -= 1;
        onPath = Math.min(onPath, depth - 1);
      }
    }
    if (listDepth === 0) keepRest(chunk.toString('latin1', from));
    else keepPending(chunk.subarray(from));
    if (pendingBytes > BATCH + LONGEST_ELEMENT) throw longElement(path);
  }

  return {
    push,
    // If the list has not ended, its end is missing here.
    rest: () => Buffer.from(rest.join(''), 'latin1'),
    heldBytes: () => pendingBytes + restLength,
  };
}

function longElement(path: readonly string[]): PrometheusError {
  return new PrometheusError(
    'too_large',
    `in the response, an element of ${path.join('.')} is longer than ${LONGEST_ELEMENT} bytes: limit the labels of targets in Prometheus (label_value_length_limit)`,
  );
}

function isBlank(text: Buffer): boolean {
  return text.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

/** The elements of a batch as JSON values; undefined if it is not part of a JSON list. */
export function elementsOf(batch: Buffer): readonly unknown[] | undefined {
  try {
    const elements: unknown = isUtf8(batch) ? JSON.parse(`[${batch.toString('utf8')}]`) : undefined;
    return Array.isArray(elements) && elements.length > 0 ? elements : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a list is the replacement in {@link ListBatches.rest} for this number of batches. */
export function isListOfBatches(list: unknown, batches: number): boolean {
  return Array.isArray(list) && list.length === batches && list.every((element) => element === 0);
}

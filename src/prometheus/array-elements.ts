import { isUtf8 } from 'node:buffer';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Takes a JSON text apart while it arrives. */
export interface ArrayElements {
  /** @throws what the receiver of the elements throws */
  push(chunk: Buffer): void;
  /**
   * The whole text with a `0` in the place of each element that was cut out: parsing it shows
   * whether the text around the elements is JSON, and how many there were.
   */
  rest(): Buffer;
}

/**
 * Cuts the objects out of the arrays of a JSON object, `{"a": [{...}, {...}], ...}`, one by one, so
 * that a long list of them is never in memory as a whole.
 *
 * @param onElement gets the text of each object as it is complete; undefined where it is not UTF-8.
 *   Nothing is known of it but that its brackets and quotes are closed.
 */
export function arrayElements(onElement: (text: string | undefined) => void): ArrayElements {
  const rest: string[] = [];
  let element: Buffer[] | undefined;
  let depth = 0;
  let isListAtDepthTwo = false;
  let isInString = false;
  let isEscaped = false;

  function finish(pieces: readonly Buffer[]): void {
    const bytes = Buffer.concat(pieces);
    onElement(isUtf8(bytes) ? bytes.toString('utf8') : undefined);
  }

  function push(chunk: Buffer): void {
    // As text, for a slice of the chunk would keep all of it in memory.
    const restOfChunk: string[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (isInString) {
        if (isEscaped) {
          isEscaped = false;
        } else if (byte === BACKSLASH) {
          isEscaped = true;
        } else if (byte === QUOTE) {
          isInString = false;
        }
      } else if (byte === QUOTE) {
        isInString = true;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        depth += 1;
        if (depth === 2) {
          isListAtDepthTwo = byte === OPEN_BRACKET;
        } else if (depth === 3 && isListAtDepthTwo && byte === OPEN_BRACE) {
          restOfChunk.push(chunk.toString('latin1', from, at), '0');
          element = [];
          from = at;
        }
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth -= 1;
        if (depth === 2 && element !== undefined) {
          element.push(chunk.subarray(from, at + 1));
          finish(element);
          element = undefined;
          from = at + 1;
        }
      }
    }
    if (element === undefined) {
      restOfChunk.push(chunk.toString('latin1', from));
    } else {
      element.push(chunk.subarray(from));
    }
    rest.push(restOfChunk.join(''));
  }

  return {
    push,
    // An element that was begun and not ended is missing here, as is what would close the list.
    rest: () => Buffer.from(rest.join(''), 'latin1'),
  };
}

import { type Body, bodyLength } from './body.ts';

/** In bytes. */
export const PIECE = 64 * 1024;

/**
 * Copies of the pieces of a body, to be written one after the other: its memory may be given back at
 * any time, also while the kernel takes a piece.
 */
export function* answerPieces(body: Body): Generator<Uint8Array, void, void> {
  for (const part of body) {
    for (let at = 0; at < part.length; at += PIECE)
      yield Buffer.from(part.subarray(at, at + PIECE));
  }
}

/** Whether a body needs no division into pieces. */
export function isOnePiece(body: Body): boolean {
  return body.length === 1 && bodyLength(body) <= PIECE;
}

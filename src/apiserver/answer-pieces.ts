/** In bytes. */
export const PIECE = 64 * 1024;

/**
 * Copies of the pieces of a body, to be written one after the other: its memory may be given back at
 * any time, also while the kernel takes a piece.
 */
export function* answerPieces(body: Uint8Array): Generator<Uint8Array, void, void> {
  for (let at = 0; at < body.length; at += PIECE) yield Buffer.from(body.subarray(at, at + PIECE));
}

import { KubernetesError } from '../kubernetes-error.ts';

const NEWLINE = 0x0a;

/**
 * The lines of a stream, without an incomplete last line.
 *
 * @param what names the stream in errors
 * @throws {KubernetesError} `bad_answer` for a line of more than `maxBytes`
 */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
  what: string,
): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const rest = chunk.subarray(start, end);
      if (pendingBytes + rest.length > maxBytes) throw tooLong(what, maxBytes);
      const line = pending.length === 0 ? rest : Buffer.concat([...pending, rest]);
      pending = [];
      pendingBytes = 0;
      start = end + 1;
      yield line.toString();
    }
    const rest = chunk.subarray(start);
    pendingBytes += rest.length;
    if (pendingBytes > maxBytes) throw tooLong(what, maxBytes);
    if (rest.length > 0) pending.push(rest);
  }
}

function tooLong(what: string, maxBytes: number): KubernetesError {
  return new KubernetesError('bad_answer', `${what}: an event of more than ${maxBytes} bytes`);
}

import { KubernetesError } from '../kubernetes-error.ts';

const NEWLINE = 0x0a;

/**
 * Cuts a stream into its lines. What comes after the last line end is no line: it was cut off.
 *
 * @param what names the stream in errors.
 * @throws {KubernetesError} `bad_answer` for a line of more than so many bytes.
 */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  mostBytes: number,
  what: string,
): AsyncGenerator<string> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const rest = chunk.subarray(start, end);
      if (begunBytes + rest.length > mostBytes) throw tooLong(what, mostBytes);
      const line = begun.length === 0 ? rest : Buffer.concat([...begun, rest]);
      begun = [];
      begunBytes = 0;
      start = end + 1;
      yield line.toString();
    }
    const rest = chunk.subarray(start);
    begunBytes += rest.length;
    if (begunBytes > mostBytes) throw tooLong(what, mostBytes);
    if (rest.length > 0) begun.push(rest);
  }
}

function tooLong(what: string, mostBytes: number): KubernetesError {
  return new KubernetesError('bad_answer', `${what}: an event of more than ${mostBytes} bytes`);
}

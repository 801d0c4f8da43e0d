/** Indexes of the static table (RFC 7541, appendix A). */
const AUTHORITY = 1;
const METHOD_GET = 2;
const PATH = 4;
const SCHEME_HTTPS = 7;

/** The statuses of the static table, from its index 8 on. */
const FIRST_STATUS = 8;
const STATUSES = [200, 204, 206, 304, 400, 404, 500];

const INDEXED = 0x80;
const TABLE_SIZE_UPDATE = 0x20;

/** A GET as a block that needs no table of what was sent before (RFC 7541, 6.2.2). */
export function headerBlock(
  authority: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Buffer {
  const fields = Object.entries(headers).flatMap(([name, value]) => [
    Buffer.of(0),
    text(name.toLowerCase()),
    text(value),
  ]);
  return Buffer.concat([
    Buffer.of(INDEXED | METHOD_GET, INDEXED | SCHEME_HTTPS),
    Buffer.of(AUTHORITY),
    text(authority),
    Buffer.of(PATH),
    text(path),
    ...fields,
  ]);
}

/** The status of an answer; 0 is one that the static table does not have. */
export function statusOf(block: Buffer): number {
  let at = 0;
  while (((block[at] ?? 0) & 0xe0) === TABLE_SIZE_UPDATE) at += 1;
  const index = (block[at] ?? 0) ^ INDEXED;
  return STATUSES[index - FIRST_STATUS] ?? 0;
}

/** A string without Huffman's code, with its length before it (RFC 7541, 5.1 and 5.2). */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([lengthBytes(bytes.length), bytes]);
}

function lengthBytes(length: number): Buffer {
  if (length < 0x7f) return Buffer.of(length);
  const bytes = [0x7f];
  let rest = length - 0x7f;
  for (; rest >= 0x80; rest >>= 7) bytes.push(0x80 | (rest & 0x7f));
  return Buffer.of(...bytes, rest);
}

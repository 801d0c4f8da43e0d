import type { LoadAnswer, LoadClient, LoadTarget } from './load.ts';
import { connectSocket } from './load-socket.ts';

const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/**
 * By sockets and as little else as will do: Node.js' own client costs more than a server that does
 * nothing, and its collections of garbage would be the slowest answers.
 */
export function http1LoadClient(target: LoadTarget, concurrency: number): LoadClient {
  const idle = Array.from({ length: concurrency }, () => http1Connection(target));
  return {
    async get(path) {
      const connection = idle.pop();
      if (connection === undefined) throw new Error(`expected ${concurrency} requests at once`);
      const answer = await connection.get(path);
      idle.push(connection);
      return answer;
    },
    close() {
      for (const { close } of idle) close();
    },
  };
}

/** One request after the other. */
function http1Connection(target: LoadTarget): LoadClient {
  const { host } = new URL(target.url);
  const socket = connectSocket(target, 'http/1.1');
  const fields = Object.entries({ Host: host, ...target.headers });
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  let received: Buffer[] = [];
  let waiting: PromiseWithResolvers<LoadAnswer> | undefined;
  socket.on('data', (piece: Buffer) => {
    received.push(piece);
    const answer = http1Answer(received.length === 1 ? piece : Buffer.concat(received));
    if (answer === undefined) return;
    received = [];
    waiting?.resolve(answer);
  });
  socket.on('error', (error) => waiting?.reject(error));
  socket.on('close', () => waiting?.reject(new Error('the connection was closed')));
  return {
    get(path) {
      waiting = Promise.withResolvers();
      socket.write(`GET ${path} HTTP/1.1\r\n${head}\r\n`);
      return waiting.promise;
    },
    close: () => socket.destroy(),
  };
}

/** Undefined as long as it is not whole. */
function http1Answer(bytes: Buffer): LoadAnswer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  const body = bytes.subarray(end + 4);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  // Chunked otherwise; what is between the chunks is left in.
  const isWhole =
    length === undefined
      ? body.subarray(-5).equals(LAST_CHUNK) || status === 204 || status === 304
      : body.length >= Number(length);
  return isWhole ? { status, body } : undefined;
}

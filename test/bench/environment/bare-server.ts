// A server that does nothing but answer, to see what Node.js, TLS and the load itself cost:
//   node bare-server.ts CERTIFICATE KEY
// prints its port.
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';

/** About as long as the metrics of ten pods. */
const body = Buffer.alloc(1500);

const [, , cert = '', key = ''] = process.argv;
const server = createSecureServer({
  cert: readFileSync(cert),
  key: readFileSync(key),
  allowHTTP1: true,
  requestCert: true,
  rejectUnauthorized: false,
});
server.on('request', (_, response) => {
  response.setHeader('Content-Length', body.length);
  response.end(body);
});
// That listener has brought another, which makes more of a stream than the adapter does.
server.removeAllListeners('stream');
server.on('stream', (stream) => {
  stream.respond({ ':status': 200, 'content-length': body.length });
  stream.end(body);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.stdout.write(`port ${address?.port}\n`);
});

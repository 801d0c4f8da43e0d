import { createServer, type IncomingMessage, request as send } from 'node:http';
import { describe, expect, it } from 'vitest';
import { distinctHeaders } from './http-exchange.ts';

describe('distinctHeaders', () => {
  it('has every value of every header, as in Node.js for HTTP/1.1', async () => {
    const both = Promise.withResolvers<Pick<IncomingMessage, 'headersDistinct' | 'rawHeaders'>>();
    const server = createServer((request, response) => {
      response.end();
      both.resolve(request);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const headers = { 'X-Remote-Group': ['a', 'b, c'], 'X-Remote-User': 'u', __proto__: 'x' };
    send({ host: '127.0.0.1', port, headers, agent: false }).end();
    const { headersDistinct: expected, rawHeaders } = await both.promise;
    server.close();
    const headersDistinct = distinctHeaders(rawHeaders);
    expect(headersDistinct).toEqual(expected);
    expect(headersDistinct['x-remote-group']).toEqual(['a', 'b, c']);
  });
});

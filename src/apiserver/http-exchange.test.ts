import { createServer, request as send } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type RequestOrigin, requestOrigin } from './http-exchange.ts';

describe('the origin of a request', () => {
  it('has every value of every header, as Node.js has for HTTP/1.1', async () => {
    const both = Promise.withResolvers<[RequestOrigin['headersDistinct'], RequestOrigin]>();
    const server = createServer((request, response) => {
      response.end();
      both.resolve([request.headersDistinct, requestOrigin(request)]);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const headers = { 'X-Remote-Group': ['a', 'b, c'], 'X-Remote-User': 'u', __proto__: 'x' };
    send({ host: '127.0.0.1', port, headers, agent: false }).end();
    const [expected, { headersDistinct }] = await both.promise;
    server.close();
    expect(headersDistinct).toEqual({ ...expected });
    expect(headersDistinct['x-remote-group']).toEqual(['a', 'b, c']);
  });
});

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** The heap of a Node.js process with `--inspect`, measured through its inspector. */
export interface NodeHeap {
  /** Has all garbage collected. @returns the bytes that are in use then */
  usedAfterCollection(): Promise<number>;
  close(): void;
}

/**
 * @param port of the loopback interface: that of `--inspect`
 * @throws Error where no inspector answers there
 */
export async function connectNodeHeap(port: number): Promise<NodeHeap> {
  const response = await fetch(`http://127.0.0.1:${port}/json/list`);
  const [target] = JSON.parse(await response.text());
  const socket = new WebSocket(String(target?.webSocketDebuggerUrl));
  await once(socket, 'open');
  const call = inspectorCalls(socket);
  return {
    async usedAfterCollection() {
      // Objects that finalizers release are collected the next time.
      for (let round = 0; round < 2; round += 1) {
        await call('HeapProfiler.collectGarbage');
        await sleep(100);
      }
      const { usedSize } = await call('Runtime.getHeapUsage');
      return Number(usedSize);
    },
    close: () => socket.close(),
  };
}

type Call = (method: string) => Promise<Readonly<Record<string, unknown>>>;

/** The DevTools protocol: requests and their answers have a number in common. */
function inspectorCalls(socket: WebSocket): Call {
  let last = 0;
  const waiting = new Map<number, (result: Readonly<Record<string, unknown>>) => void>();
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data));
    waiting.get(id)?.(result ?? {});
    waiting.delete(id);
  });
  return (method) =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      socket.send(JSON.stringify({ id: last, method }));
    });
}

import path from 'node:path';
import { freePort, onSomePort } from '../parts/free-port.ts';
import { startProcess } from '../parts/process.ts';
import { say } from './say.ts';

export interface AdapterSettings {
  /** Where its certificate is put. */
  readonly directory: string;
  readonly rulesFile: string;
  readonly prometheusUrl: string;
  /** The function that stops the adapter is added to it. */
  readonly cleanups: (() => Promise<void> | void)[];
}

/** Starts dist/main.js without a cluster, and prints its log line by line. */
export async function startAdapter(
  settings: AdapterSettings,
): Promise<{ server: string; certificateFile: string }> {
  const { port, stop } = await onSomePort(async () => start(settings, await freePort()));
  settings.cleanups.push(stop);
  return {
    server: `https://127.0.0.1:${port}`,
    certificateFile: path.join(settings.directory, 'apiserver.crt'),
  };
}

async function start({ directory, rulesFile, prometheusUrl }: AdapterSettings, port: number) {
  const adapter = await startProcess({
    name: 'prom-metrics-adapter',
    command: process.execPath,
    args: [
      path.join(import.meta.dirname, '../../dist/main.js'),
      '--standalone',
      `--config=${rulesFile}`,
      `--prometheus-url=${prometheusUrl}`,
      `--secure-port=${port}`,
      `--cert-dir=${directory}`,
      '--metrics-relist-interval=2s',
      '--metrics-max-age=1m',
    ],
    isReady: (output) => /\bserving\b.*\bport\b/.test(output),
    onLine: (line) => say(`  | ${line}`),
  });
  return { port, stop: () => adapter.stop() };
}

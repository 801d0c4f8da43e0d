import type { ClosableLogger } from '../../telemetry/logger.ts';

/** SIGHUP. */
export interface ReloadSignal {
  /** Replaces the listener. */
  onSignal(listener: () => void): void;
}

/**
 * Handles SIGHUP from the start on, since a process without a handler ends. Before there is a listener,
 * nothing needs to be reloaded.
 */
export function handleReloadSignal(): ReloadSignal {
  let listener = (): void => undefined;
  process.on('SIGHUP', () => listener());
  return {
    onSignal(next) {
      listener = next;
    },
  };
}

/** SIGTERM or SIGINT. */
export interface ShutdownSignal {
  /** Resolves at the first signal after this call. A second signal ends the process at once. */
  received(): Promise<void>;
  /** Whether the signal was received. */
  isReceived(): boolean;
}

/**
 * Handles SIGTERM and SIGINT from the start on: the kernel does not deliver them to the first process of
 * a container without a handler. Before {@link ShutdownSignal.received}, a signal ends the process.
 */
export function handleShutdownSignals(log: ClosableLogger): ShutdownSignal {
  let isReceived = false;
  let onSignal = (): void => {
    log.info('shutting down: not serving yet');
    void log.close().then(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => onSignal());
  return {
    isReceived: () => isReceived,
    received: () =>
      new Promise((resolve) => {
        onSignal = () => {
          isReceived = true;
          onSignal = () => process.exit(1);
          resolve();
        };
      }),
  };
}

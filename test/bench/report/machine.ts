import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** The properties of the machine that results depend on. */
export interface Machine {
  readonly processors: number;
  readonly processor: string;
  readonly memoryBytes: number;
  readonly node: string;
  /** Of the last minute, at the end of the bench. */
  readonly loadAverage: number;
}

export function thisMachine(): Machine {
  return {
    processors: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? '',
    memoryBytes: totalmem(),
    node: process.versions.node,
    loadAverage: loadavg()[0] ?? 0,
  };
}

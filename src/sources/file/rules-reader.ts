import { Worker } from 'node:worker_threads';
import type { ClusterResource } from '../../apimachinery/cluster-resource.ts';
import { compileDefinition, type RulesDefinition } from './compile-definition.ts';
import { type LoadOptions, languageOf } from './configuration.ts';
import type { LoadedConfiguration } from './configuration-store.ts';
import type { LimitedFaults } from './repeated-faults.ts';

/** The input of the worker thread. */
export interface RulesJob {
  readonly path: string;
  readonly resources: readonly ClusterResource[];
  readonly checkPromql: boolean;
  readonly unknownResource: LoadOptions['unknownResource'];
}

/** The output of the worker thread. */
export interface RulesReading {
  /** Undefined if and only if a fault is an `error`. */
  readonly definition: RulesDefinition | undefined;
  readonly faults: LimitedFaults;
}

export interface RulesReader {
  /** Rejects if the thread fails, e.g. because it is out of memory. */
  read(path: string, options: LoadOptions): Promise<LoadedConfiguration>;
  /** Aborts a read in progress; its promise rejects. */
  close(): void;
}

/**
 * Heap of the worker thread, in MiB. A file of the maximum size needs about half of it. With a young
 * generation of 8 MiB, garbage collection takes a quarter of the time.
 */
const HEAP = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 24 };

/**
 * Reads rules files in a worker thread. Parsing and checking a large file takes a second or more, and
 * would block the event loop of the main thread.
 */
export function createRulesReader(): RulesReader {
  let running: Worker | undefined;

  async function readInThread(job: RulesJob): Promise<RulesReading> {
    const worker = new Worker(entryPoint(), {
      workerData: job,
      resourceLimits: HEAP,
      execArgv: [],
      name: 'rules',
    });
    running = worker;
    try {
      return await answerOf(worker);
    } finally {
      running = undefined;
      void worker.terminate();
    }
  }

  return {
    async read(path, { mapper, checkPromql, unknownResource }) {
      const job = { path, resources: mapper.resources, checkPromql, unknownResource };
      const { definition, faults } = await readInThread(job);
      return {
        configuration: definition && (await compileDefinition(definition, languageOf(job))),
        faults: faults.shown,
        omitted: faults.omitted,
      };
    },
    close: () => void running?.terminate(),
  };
}

function answerOf(worker: Worker): Promise<RulesReading> {
  return new Promise((resolve, reject) => {
    worker.on('message', (reading: RulesReading) => resolve(reading));
    worker.on('error', reject);
    worker.on('exit', () =>
      reject(new Error('the worker thread that reads the rules file has exited')),
    );
  });
}

/** Next to this file: the source, or in the bundle the name that scripts/build.ts gives it. */
function entryPoint(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./rules-worker.${extension}`, import.meta.url);
}

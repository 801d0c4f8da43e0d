// The thread that reads a rules file; see rules-reader.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { createResourceMapper } from '../../kubernetes/discovery/resource-mapper.ts';
import { definitionOf } from './compile-definition.ts';
import { loadConfigurationFile } from './load.ts';
import { limitRepeats } from './repeated-faults.ts';
import type { RulesJob, RulesReading } from './rules-reader.ts';

const { path, resources, checkPromql, unknownResource }: RulesJob = workerData;
const { configuration, faults } = await loadConfigurationFile(path, {
  mapper: createResourceMapper(resources),
  checkPromql,
  unknownResource,
});
const reading: RulesReading = {
  definition: configuration && definitionOf(configuration),
  faults: limitRepeats(faults),
};
parentPort?.postMessage(reading);

import { setTimeout as sleep } from 'node:timers/promises';
import type { Kubectl } from '../../e2e/kubectl.ts';
import { readPaths } from '../environment/adapter-under-test.ts';

/**
 * The age of values at their arrival: the time since their timestamp, which is in whole seconds. Requests
 * one metric per second.
 *
 * @returns seconds, in ascending order
 */
export async function metricAges(
  kubectl: Kubectl,
  pathsFile: string,
  samples: number,
): Promise<readonly number[]> {
  const paths = await readPaths(pathsFile);
  const ages: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const path = paths[(sample * 7) % paths.length] ?? '';
    const { items } = JSON.parse(await kubectl.run('get', '--raw', path));
    const now = Date.now();
    for (const { timestamp } of items) ages.push((now - Date.parse(timestamp)) / 1000);
    await sleep(1_000);
  }
  return ages.sort((a, b) => a - b);
}

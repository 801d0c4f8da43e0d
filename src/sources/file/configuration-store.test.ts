import { describe, expect, it } from 'vitest';
import { builtinResourceMapper } from '../../kubernetes/discovery/builtin-resources.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import { createConfigurationStore, type LoadedConfiguration } from './configuration-store.ts';
import type { Fault } from './fault.ts';

const RULE =
  "{seriesQuery: up, resources: {template: '<<.Resource>>'}, metricsQuery: '<<.Series>>'}";

function configuration(text = `rules: [${RULE}]`): Configuration {
  const mapper = builtinResourceMapper();
  const options = { mapper, checkPromql: true, unknownResource: 'error' } as const;
  const read = readConfiguration('f', text, options).configuration;
  if (read === undefined) throw new Error(`rejected: ${text}`);
  return read;
}

function fault(severity: Fault['severity']): Fault {
  return { severity, file: 'f', line: 1, column: 1, field: '', message: severity };
}

function loaded(
  configuration: Configuration | undefined,
  severity: Fault['severity'],
): LoadedConfiguration {
  return { configuration, faults: [fault(severity)], omitted: [] };
}

const good = loaded(configuration(), 'warning');
const broken = loaded(configuration(), 'broken');
const bad = loaded(undefined, 'error');

/** A store whose loads have these results one after the other, and its reports. */
function storeOf(...results: (LoadedConfiguration | Error)[]) {
  const reported: string[] = [];
  const store = createConfigurationStore({
    async load() {
      const result = results.shift();
      if (result === undefined) throw new Error('one load too many');
      if (result instanceof Error) throw result;
      return result;
    },
    onAccepted: (_, { shown }) => reported.push(`accepted ${describeAll(shown)}`.trim()),
    onRejected: ({ shown }, reason) => reported.push(`rejected ${describeAll(shown)}: ${reason}`),
  });
  return { store, reported };
}

function describeAll(faults: readonly Fault[]): string {
  return faults.map(({ message }) => message).join();
}

describe('createConfigurationStore', () => {
  it('has nothing before the first load', () => {
    expect(storeOf().store.current()).toBeUndefined();
  });

  it('accepts broken rules at start only', async () => {
    const { store, reported } = storeOf(broken, broken, good);
    expect(await store.reload()).toEqual({ accepted: true, faults: broken.faults });
    expect(store.current()).toBe(broken.configuration);
    expect(await store.reload()).toEqual({ accepted: false, faults: broken.faults });
    await store.reload();
    expect(store.current()).toBe(good.configuration);
    expect(reported).toEqual(['accepted broken', 'rejected broken: faults', 'accepted warning']);
  });

  it('keeps the last valid configuration if a load is rejected or fails', async () => {
    const { store, reported } = storeOf(good, bad, new Error('disk on fire'));
    await store.reload();
    await store.reload();
    const { accepted, faults } = await store.reload();
    expect(accepted).toBe(false);
    expect(faults).toMatchObject([
      { severity: 'error', message: 'cannot be loaded: disk on fire' },
    ]);
    expect(store.current()).toBe(good.configuration);
    expect(reported).toEqual([
      'accepted warning',
      'rejected error: faults',
      'rejected cannot be loaded: disk on fire: faults',
    ]);
  });

  it('rejects errors at start', async () => {
    const { store, reported } = storeOf(bad);
    expect(await store.reload()).toEqual({ accepted: false, faults: bad.faults });
    expect(store.current()).toBeUndefined();
    expect(reported).toEqual(['rejected error: faults']);
  });

  it.each([
    '',
    '# only a comment\n',
    '---\n',
    '{}',
    'rules: []',
    'rules:\nexternalRules:\nresourceRules:\n',
    'rules: null\nresourceRules: ~\n',
  ])('accepts a file without rules at the start, and rejects it afterwards: %j', async (text) => {
    const empty = loaded(configuration(text), 'warning');
    const { store, reported } = storeOf(empty, empty, good, empty);
    expect((await store.reload()).accepted).toBe(true);
    // The rules before were empty, too.
    expect((await store.reload()).accepted).toBe(true);
    await store.reload();
    expect((await store.reload()).accepted).toBe(false);
    expect(store.current()).toBe(good.configuration);
    expect(reported.at(-1)).toBe('rejected warning: no rules');
  });

  it('does not load concurrently, and shares one further load among calls during a load', async () => {
    const loads: ((result: LoadedConfiguration) => void)[] = [];
    let running = 0;
    let atOnce = 0;
    const store = createConfigurationStore({
      load() {
        running++;
        atOnce = Math.max(atOnce, running);
        return new Promise<LoadedConfiguration>((resolve) => loads.push(resolve)).finally(
          () => running--,
        );
      },
    });
    const first = store.reload();
    const meanwhile = [store.reload(), store.reload(), store.reload()];
    expect(loads).toHaveLength(1);
    loads[0]?.(bad);
    expect((await first).accepted).toBe(false);
    while (loads.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const later = store.reload();
    loads[1]?.(good);
    expect((await Promise.all(meanwhile)).map(({ accepted }) => accepted)).toEqual([
      true,
      true,
      true,
    ]);
    while (loads.length < 3) await new Promise((resolve) => setImmediate(resolve));
    loads[2]?.(bad);
    expect((await later).accepted).toBe(false);
    expect(loads).toHaveLength(3);
    expect(atOnce).toBe(1);
    expect(store.current()).toBe(good.configuration);
  });
});

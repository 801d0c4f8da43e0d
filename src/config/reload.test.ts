import { describe, expect, it } from 'vitest';
import type { Configuration, ReadConfiguration } from './configuration.ts';
import type { Fault } from './fault.ts';
import { createConfigurationStore } from './reload.ts';

function configuration(): Configuration {
  return { custom: [], external: [], resource: undefined };
}

function fault(severity: Fault['severity']): Fault {
  return { severity, file: 'f', line: 1, column: 1, field: '', message: severity };
}

const good: ReadConfiguration = { configuration: configuration(), faults: [fault('warning')] };
const broken: ReadConfiguration = { configuration: configuration(), faults: [fault('broken')] };
const bad: ReadConfiguration = { configuration: undefined, faults: [fault('error')] };

/** A store whose loads give the results in turn, and what it told. */
function storeOf(...results: (ReadConfiguration | Error)[]) {
  const told: string[] = [];
  const store = createConfigurationStore({
    async load() {
      const result = results.shift();
      if (result === undefined) throw new Error('one load too many');
      if (result instanceof Error) throw result;
      return result;
    },
    onAccepted: (_configuration, faults) => told.push(`accepted ${describeAll(faults)}`.trim()),
    onRefused: (faults) => told.push(`refused ${describeAll(faults)}`),
  });
  return { store, told };
}

function describeAll(faults: readonly Fault[]): string {
  return faults.map(({ message }) => message).join();
}

describe('createConfigurationStore', () => {
  it('has nothing before the first load', () => {
    expect(storeOf().store.current()).toBeUndefined();
  });

  it('takes what is broken at the start, but not afterwards', async () => {
    const { store, told } = storeOf(broken, broken, good);
    expect(await store.reload()).toEqual({ accepted: true, faults: broken.faults });
    expect(store.current()).toBe(broken.configuration);
    expect(await store.reload()).toEqual({ accepted: false, faults: broken.faults });
    await store.reload();
    expect(store.current()).toBe(good.configuration);
    expect(told).toEqual(['accepted broken', 'refused broken', 'accepted warning']);
  });

  it('keeps the last good configuration when a load is refused or fails', async () => {
    const { store, told } = storeOf(good, bad, new Error('disk on fire'));
    await store.reload();
    await store.reload();
    const { accepted, faults } = await store.reload();
    expect(accepted).toBe(false);
    expect(faults).toMatchObject([
      { severity: 'error', message: 'cannot be loaded: disk on fire' },
    ]);
    expect(store.current()).toBe(good.configuration);
    expect(told).toEqual([
      'accepted warning',
      'refused error',
      'refused cannot be loaded: disk on fire',
    ]);
  });

  it('refuses errors at the start', async () => {
    const { store, told } = storeOf(bad);
    expect(await store.reload()).toEqual({ accepted: false, faults: bad.faults });
    expect(store.current()).toBeUndefined();
    expect(told).toEqual(['refused error']);
  });

  it('never loads twice at a time, and once more for all that asked meanwhile', async () => {
    const loads: ((result: ReadConfiguration) => void)[] = [];
    let running = 0;
    let atOnce = 0;
    const store = createConfigurationStore({
      load() {
        running++;
        atOnce = Math.max(atOnce, running);
        return new Promise<ReadConfiguration>((resolve) => loads.push(resolve)).finally(
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

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PrometheusError } from '../errors.ts';
import { type Circuit, createCircuit } from './circuit.ts';

const REFUSED = new PrometheusError('unreachable', 'cannot reach Prometheus', {
  detail: 'refused',
});
const STARTING = new PrometheusError('unavailable', 'Service Unavailable', { status: 503 });

let circuits: Circuit[];

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  circuits = [];
});

afterEach(() => {
  for (const circuit of circuits) circuit.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** A circuit whose probes return `state.failure`, and its events with their times. */
function probedCircuit(failure?: PrometheusError) {
  const state = { failure, probeMs: 0 };
  const probes: { at: number; after: PrometheusError }[] = [];
  const atOnce = { now: 0, most: 0 };
  const events: string[] = [];
  const circuit = createCircuit({
    async probe(after) {
      probes.push({ at: Date.now(), after });
      atOnce.now += 1;
      atOnce.most = Math.max(atOnce.most, atOnce.now);
      if (state.probeMs > 0) await new Promise((resolve) => setTimeout(resolve, state.probeMs));
      atOnce.now -= 1;
      return state.failure;
    },
    onOpen: () => events.push(`open ${Date.now()}`),
    onClose: ({ since }) => events.push(`closed ${Date.now()} open since ${since}`),
    random: () => 0.5,
  });
  circuits.push(circuit);
  return { circuit, state, probes, atOnce, events };
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

describe('a failed request', () => {
  it('does not open the circuit if a probe succeeds', async () => {
    const { circuit, probes, events } = probedCircuit();
    circuit.failed(REFUSED);
    await pass(10_000);
    expect(probes).toHaveLength(1);
    expect(events).toEqual([]);
  });

  it('opens the circuit if two probes fail as well, within a fifth of a second', async () => {
    const { circuit, events } = probedCircuit(REFUSED);
    circuit.failed(REFUSED);
    expect(circuit.outage()).toBeUndefined();
    await pass(200);
    expect(events).toEqual(['open 150']);
    expect(circuit.outage()).toEqual({ since: 150, lastError: REFUSED });
  });

  it('causes one check at a time for any number of failures', async () => {
    const { circuit, probes } = probedCircuit(REFUSED);
    for (let count = 0; count < 100; count += 1) circuit.failed(REFUSED);
    await pass(200);
    expect(probes).toHaveLength(2);
  });

  it('does not open the circuit if another request gets a response in the meantime', async () => {
    const { circuit, events } = probedCircuit(REFUSED);
    circuit.failed(REFUSED);
    await pass(100);
    circuit.responded();
    await pass(10_000);
    expect(events).toEqual([]);
    circuit.failed(REFUSED);
    await pass(200);
    expect(events).toHaveLength(1);
  });
});

it.each([
  ['the first probe', 100],
  ['the last probe', 500],
])(
  'a failed request does not open the circuit if a response arrives while %s is pending',
  async (_, delayMs) => {
    const { circuit, state, atOnce, events } = probedCircuit(REFUSED);
    state.probeMs = 300;
    circuit.failed(REFUSED);
    await pass(delayMs);
    expect(atOnce.now).toBe(1);
    circuit.responded();
    await pass(10_000);
    expect(events).toEqual([]);
    expect(circuit.outage()).toBeUndefined();
  },
);

describe('an outage', () => {
  it('is probed twice a second, according to the last error', async () => {
    const { circuit, state, probes } = probedCircuit(REFUSED);
    circuit.stalled(REFUSED);
    await pass(1_100);
    state.failure = STARTING;
    await pass(1_000);
    expect(probes.map(({ at }) => at)).toEqual([500, 1_000, 1_500, 2_000]);
    expect(probes.map(({ after }) => after)).toEqual([REFUSED, REFUSED, REFUSED, STARTING]);
    expect(circuit.outage()).toEqual({ since: 0, lastError: STARTING });
  });

  it('ends with the first successful probe, and can begin again', async () => {
    const { circuit, state, events } = probedCircuit(REFUSED);
    circuit.stalled(REFUSED);
    await pass(700);
    state.failure = undefined;
    await pass(5_000);
    expect(events).toEqual(['open 0', 'closed 1000 open since 0']);
    circuit.stalled(REFUSED);
    expect(circuit.outage()).toEqual({ since: 5_700, lastError: REFUSED });
  });

  it('ends when an earlier request gets a response', async () => {
    const { circuit, probes, events } = probedCircuit(REFUSED);
    circuit.stalled(REFUSED);
    await pass(10);
    circuit.responded();
    await pass(10_000);
    expect(events).toEqual(['open 0', 'closed 10 open since 0']);
    expect(probes).toEqual([]);
  });

  it('does not begin again while requests fail', async () => {
    const { circuit, events } = probedCircuit(REFUSED);
    circuit.stalled(REFUSED);
    circuit.failed(STARTING);
    circuit.stalled(STARTING);
    await pass(10_000);
    expect(events).toEqual(['open 0']);
  });

  it('has no effect once the circuit is stopped', async () => {
    const { circuit, events } = probedCircuit(REFUSED);
    circuit.failed(REFUSED);
    await pass(100);
    circuit.stop();
    await pass(10_000);
    expect(events).toEqual([]);
  });
});

it.each([
  ['failed', 100],
  ['stalled', 600],
] as const)('stays stopped if it is stopped during a probe: %s', async (beginning, delayMs) => {
  const { circuit, state, probes, atOnce } = probedCircuit(REFUSED);
  state.probeMs = 300;
  circuit[beginning](REFUSED);
  await pass(delayMs);
  expect(atOnce.now).toBe(1);
  circuit.stop();
  await pass(10_000);
  expect(probes).toHaveLength(1);
});

it('opens and closes alternately, limits probes, and is closed at the end', async () => {
  const event = fc.constantFrom('failed', 'stalled', 'responded', 'alive', 'dead', 'pass', 'slow');
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), async (steps) => {
      const { circuit, state, probes, atOnce, events } = probedCircuit(REFUSED);
      const act: Readonly<Record<string, () => unknown>> = {
        failed: () => circuit.failed(REFUSED),
        stalled: () => circuit.stalled(REFUSED),
        responded: () => circuit.responded(),
        alive: () => {
          state.failure = undefined;
        },
        dead: () => {
          state.failure = REFUSED;
        },
        slow: () => {
          state.probeMs = 300;
        },
        pass: () => pass(400),
      };
      for (const each of steps) {
        await act[each]?.();
        await pass(0);
        if (each === 'stalled') expect(circuit.outage()).toBeDefined();
        if (each === 'responded') expect(circuit.outage()).toBeUndefined();
      }
      // The circuit opens and closes alternately.
      const kinds = events.map((text) => text.split(' ')[0]);
      kinds.forEach((kind, index) => {
        expect(kind).toBe(index % 2 === 0 ? 'open' : 'closed');
      });
      // A probe that had started before, and that of the outage.
      expect(atOnce.most).toBeLessThanOrEqual(2);
      // At the end probes succeed, and the circuit closes within the time of two probes.
      state.failure = undefined;
      state.probeMs = 0;
      await pass(1_500);
      expect(circuit.outage()).toBeUndefined();
      const last = probes.length;
      await pass(60_000);
      expect(probes).toHaveLength(last);
      circuit.stop();
    }),
    { numRuns: 300 },
  );
});

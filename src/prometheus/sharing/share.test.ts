import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import type { QueryRequest } from '../../rules/query.ts';
import { PrometheusError } from '../errors.ts';
import type { NeededQuery, OnQuery, QueryAnswer, QueryEnd } from '../query.ts';
import { sampleBytes } from './samples-by-object.ts';
import { share } from './share.ts';

interface Asked {
  readonly promql: string;
  readonly signal: AbortSignal | undefined;
  answer(samples: Readonly<Record<string, number>>): void;
  give(answer: QueryAnswer): void;
  fail(error: Error): void;
}

/** A failure that concerns one query only. */
class Refusal extends PrometheusError {
  constructor(message = 'refused') {
    super('bad_query', message);
  }
}
/** A failure that may concern the query or the server. */
class UnclearFailure extends PrometheusError {
  constructor(message = 'HTTP 502') {
    super('unavailable', message, { status: 502 });
  }
}

/** A query that a caller needed, and its end. */
interface Told {
  readonly query: NeededQuery;
  end?: QueryEnd;
}

/** Sharing with a Prometheus that answers on demand, and a clock that is set by hand. */
function sharing(maxAge = 1000) {
  const asked: Asked[] = [];
  const clock = { now: 5000 };
  const kept = { own: 0, all: 0 };
  const bytes = { own: 0, all: 0 };
  const told: Told[] = [];
  const counted = { own: 0, all: 0 };
  const runner = share(
    {
      query(promql, { signal }) {
        const { promise, resolve, reject } = Promise.withResolvers<QueryAnswer>();
        asked.push({
          promql,
          signal,
          fail: reject,
          give: resolve,
          answer: (samples) =>
            resolve({
              type: 'vector',
              samples: Object.entries(samples).map(([name, value]) => {
                const [namespace = '', pod = ''] = name.split('/');
                return { labels: { namespace, pod }, value, timestamp: clock.now };
              }),
            }),
        });
        return promise;
      },
    },
    {
      maxAgeMs: maxAge,
      onQuery({ scope }) {
        counted[scope] += 1;
        return () => undefined;
      },
      onKept(scope, count, size) {
        kept[scope] = count;
        bytes[scope] = size;
      },
      now: () => clock.now,
    },
  );
  const onQuery: OnQuery = (query) => {
    const entry: Told = { query };
    told.push(entry);
    return (end) => {
      entry.end = end;
    };
  };
  const rule = compiledRule({ metricsQuery: 'sum by (<<.GroupBy>>) (x{<<.LabelMatchers>>})' });

  /** Requests pods, as `pod`, `namespace/pod` or `namespace/pod,pod`. */
  async function get(what: string, signal?: AbortSignal): Promise<Record<string, number>> {
    const [pods = '', namespace = 'shop'] = what.split('/').toReversed();
    const request: QueryRequest = {
      series: 'x',
      selector: [],
      namespace: { label: 'namespace', value: namespace },
      objects: { label: 'pod', names: pods.split(',') },
      groupBy: ['pod'],
    };
    const origin = { rule, request };
    const answer = await runner.query(rule.query.for(request), {
      origin,
      onQuery,
      signal,
    });
    if (answer.type !== 'vector') throw new Error(answer.type);
    return Object.fromEntries([...answer.samples].map(({ labels, value }) => [labels.pod, value]));
  }

  /** Two requests, so that the next one is enough for a shared query. */
  async function getTwo(): Promise<void> {
    const both = Promise.all([get('first'), get('second')]);
    for (const { answer } of asked.splice(0)) answer({});
    await both;
  }

  const queries = () => asked.map(({ promql }) => promql);
  return { runner, rule, asked, clock, kept, bytes, told, counted, get, getTwo, queries };
}

const FOR_ALL = 'sum by (namespace,pod) (x{namespace!="",pod!=""})';

describe('identical queries', () => {
  it('are sent once while in flight, and until the result is too old', async () => {
    const { asked, clock, get } = sharing();
    const both = Promise.all([get('a'), get('a')]);
    expect(asked).toHaveLength(1);
    asked[0]?.answer({ 'shop/a': 1 });
    expect(await both).toEqual([{ a: 1 }, { a: 1 }]);
    clock.now += 999;
    expect(await get('a')).toEqual({ a: 1 });
    clock.now += 1;
    const again = get('a');
    expect(asked).toHaveLength(2);
    asked[1]?.answer({ 'shop/a': 2 });
    expect(await again).toEqual({ a: 2 });
  });

  it('expire by the time of their evaluation, not of their response', async () => {
    const { asked, clock, get } = sharing();
    const slow = get('a');
    clock.now += 1500;
    asked[0]?.answer({ 'shop/a': 1 });
    expect(await slow).toEqual({ a: 1 });
    void get('a');
    expect(asked).toHaveLength(2);
  });

  it('are sent once only while in flight if the maximum age is 0', async () => {
    const { asked, get, queries } = sharing(0);
    const all = Promise.all([get('a'), get('a'), get('b'), get('c'), get('d')]);
    expect(queries().map((promql) => promql.includes('pod!=""'))).toEqual(Array(4).fill(false));
    for (const { answer } of asked) answer({});
    await all;
    void get('a');
    expect(asked).toHaveLength(5);
  });

  it('fail together, and are then sent again', async () => {
    const { asked, get } = sharing();
    const both = Promise.allSettled([get('a'), get('a')]);
    asked[0]?.fail(new Error('down'));
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    void get('a');
    expect(asked).toHaveLength(2);
  });

  it('end with the last caller', async () => {
    const { asked, get } = sharing();
    const [first, second] = [new AbortController(), new AbortController()];
    const both = Promise.allSettled([get('a', first.signal), get('a', second.signal)]);
    first.abort(new Error('gone'));
    expect(asked[0]?.signal?.aborted).toBe(false);
    second.abort(new Error('gone too'));
    expect(asked[0]?.signal?.aborted).toBe(true);
    expect((await both).map((each) => each.status === 'rejected' && each.reason.message)).toEqual([
      'gone',
      'gone too',
    ]);
    // A later request does not get the cancelled result.
    void get('a');
    expect(asked).toHaveLength(2);
    await expect(get('a', AbortSignal.abort(new Error('never')))).rejects.toThrow('never');
  });
});

describe('requests for different objects', () => {
  it('are one query after several requests, and each gets its own samples', async () => {
    const { asked, get, getTwo, queries } = sharing();
    await getTwo();
    const all = Promise.all([get('c'), get('bank/c'), get('c,d,gone'), get('first')]);
    expect(queries()).toEqual([FOR_ALL]);
    asked[0]?.answer({ 'shop/c': 1, 'bank/c': 2, 'shop/d': 3, 'shop/first': 4 });
    // The result of the single query is still cached.
    expect(await all).toEqual([{ c: 1 }, { c: 2 }, { c: 1, d: 3 }, {}]);
    expect(await get('bank/d')).toEqual({});
    expect(asked).toHaveLength(1);
  });

  it('remain one query while many arrive', async () => {
    const { asked, clock, get, getTwo, queries } = sharing();
    await getTwo();
    const one = get('c');
    asked[0]?.answer({ 'shop/c': 1 });
    await one;
    for (const name of ['d', 'e']) {
      clock.now += 400;
      expect(await get(name)).toEqual({});
    }
    clock.now += 400;
    void get('f');
    expect(queries()).toEqual([FOR_ALL, FOR_ALL]);
  });

  it('are single queries while few arrive', async () => {
    const { clock, asked, get, queries } = sharing();
    for (const name of ['a', 'b', 'c', 'd']) {
      const got = get(name);
      asked.at(-1)?.answer({});
      await got;
      clock.now += 500;
    }
    expect(queries()).not.toContain(FOR_ALL);
  });

  it('are single queries if the shared query is rejected, or its result cannot be used', async () => {
    const { asked, clock, get, getTwo, queries } = sharing();
    await getTwo();
    const refused = get('c');
    asked[0]?.fail(new Refusal());
    await expect.poll(queries).toHaveLength(2);
    asked[1]?.answer({ 'shop/c': 1 });
    expect(await refused).toEqual({ c: 1 });
    void Promise.all(['d', 'e', 'f'].map((name) => get(name)));
    expect(queries().filter((promql) => promql === FOR_ALL)).toHaveLength(1);
    clock.now += 61_000;
    asked.splice(0);
    void Promise.all(['g', 'h', 'i'].map((name) => get(name)));
    expect(queries().at(-1)).toBe(FOR_ALL);
    asked.at(-1)?.answer({ '': 1 });
    await expect.poll(queries).toHaveLength(3);
  });

  it('are single queries for longer each time that the shared query is rejected', async () => {
    const { asked, clock, get, queries } = sharing();
    const isForAllAsked = async (): Promise<boolean> => {
      const three = Promise.allSettled(['a', 'b', 'c'].map((name) => get(name)));
      const forAll = queries().includes(FOR_ALL);
      for (const { promql, answer, fail } of asked.splice(0)) {
        if (promql === FOR_ALL) fail(new Refusal());
        else answer({});
      }
      if (forAll) await expect.poll(() => asked.length).toBe(1);
      for (const { answer } of asked.splice(0)) answer({});
      await three;
      return forAll;
    };
    const minutes: number[] = [];
    for (let minute = 0; minute < 300; minute += 1) {
      if (await isForAllAsked()) minutes.push(minute);
      clock.now += 60_000;
    }
    expect(minutes).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
  });

  it('fail with the shared query if Prometheus is unavailable', async () => {
    const { asked, get, getTwo } = sharing();
    await getTwo();
    const failing = get('c');
    asked[0]?.fail(new Error('down'));
    await expect(failing).rejects.toThrow('down');
    expect(asked).toHaveLength(1);
  });

  it('send one single query if the failure of the shared one is unclear, then all if it succeeds', async () => {
    const { asked, get, getTwo, queries } = sharing();
    await getTwo();
    const all = Promise.all(['c', 'd', 'e', 'f'].map((name) => get(name)));
    expect(queries()).toEqual([FOR_ALL]);
    asked[0]?.fail(new UnclearFailure());
    await expect.poll(queries).toHaveLength(2);
    await new Promise(setImmediate);
    expect(queries()).toHaveLength(2);
    asked[1]?.answer({ 'shop/c': 1 });
    await expect.poll(queries).toHaveLength(5);
    for (const { answer } of asked.slice(2)) answer({ 'shop/d': 2, 'shop/e': 2, 'shop/f': 2 });
    expect((await all)[0]).toEqual({ c: 1 });
    // For some time, all requests send single queries.
    void Promise.all(['g', 'h', 'i'].map((name) => get(name)));
    expect(queries().filter((promql) => promql === FOR_ALL)).toHaveLength(1);
  });

  it('all send single queries if the first one is rejected, since the server responds', async () => {
    const { asked, get, getTwo, queries } = sharing();
    await getTwo();
    const both = Promise.allSettled([get('c'), get('d')]);
    asked[0]?.fail(new UnclearFailure());
    await expect.poll(queries).toHaveLength(2);
    asked[1]?.fail(new Refusal());
    await expect.poll(queries).toHaveLength(3);
    asked[2]?.answer({ 'shop/d': 2 });
    expect(await both).toMatchObject([{ status: 'rejected' }, { value: { d: 2 } }]);
  });

  it('cost one more query in an outage, and are still shared afterwards', async () => {
    const { asked, get, getTwo, queries } = sharing();
    await getTwo();
    const all = Promise.allSettled(['c', 'd', 'e', 'f'].map((name) => get(name)));
    asked[0]?.fail(new UnclearFailure('shared'));
    await expect.poll(queries).toHaveLength(2);
    asked[1]?.fail(new UnclearFailure('own'));
    const reasons = (await all).map((result) =>
      result.status === 'rejected' ? result.reason.message : 'an answer',
    );
    expect(reasons).toEqual(['own', 'shared', 'shared', 'shared']);
    expect(queries()).toHaveLength(2);
    asked.splice(0);
    void Promise.all(['g', 'h', 'i'].map((name) => get(name)));
    expect(queries()).toEqual([FOR_ALL]);
  });

  it('use the next request if the first one is aborted', async () => {
    const { asked, get, getTwo, queries } = sharing();
    await getTwo();
    const gone = new AbortController();
    const first = get('c', gone.signal);
    const second = get('d');
    asked[0]?.fail(new UnclearFailure());
    await expect.poll(queries).toHaveLength(2);
    gone.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    await expect.poll(queries).toHaveLength(3);
    asked[2]?.answer({ 'shop/d': 2 });
    expect(await second).toEqual({ d: 2 });
  });

  it('are single queries for some time if few of all objects are requested', async () => {
    const { asked, clock, get, getTwo, queries } = sharing();
    await getTwo();
    const one = get('c');
    const many = Array.from({ length: 2000 }, (_, index) => [`shop/p${index}`, index]);
    asked[0]?.answer(Object.fromEntries(many));
    await one;
    clock.now += 1500;
    await getTwo();
    void get('e');
    expect(queries()).toEqual(['sum by (pod) (x{namespace="shop",pod="e"})']);
  });

  it('remain one query if many objects are requested, for any number of samples', async () => {
    const { asked, clock, get, getTwo, queries } = sharing();
    await getTwo();
    const wanted = Array.from({ length: 40 }, (_, index) => get(`p${index}`));
    const many = Array.from({ length: 1999 }, (_, index) => [`shop/p${index}`, index]);
    asked[0]?.answer(Object.fromEntries(many));
    expect((await Promise.all(wanted)).at(-1)).toEqual({ p39: 39 });
    expect(queries()).toEqual([FOR_ALL]);
    asked.length = 0;
    clock.now += 1500;
    await getTwo();
    void get('e');
    expect(queries()).toEqual([FOR_ALL]);
  });

  it.each([
    [40, 2000, FOR_ALL],
    [39, 2000, 'sum by (pod) (x{namespace="shop",pod="e"})'],
    [1, 1000, FOR_ALL],
    [1, 1001, 'sum by (pod) (x{namespace="shop",pod="e"})'],
  ])(
    'with %i requested objects of %i samples are one query again, or not: up to 50 samples for each, or 1,000',
    async (count, samples, query) => {
      const { asked, clock, get, getTwo, queries } = sharing();
      await getTwo();
      const wanted = Array.from({ length: count }, (_, index) => get(`p${index}`));
      const many = Array.from({ length: samples }, (_, index) => [`shop/p${index}`, index]);
      asked.splice(0)[0]?.answer(Object.fromEntries(many));
      await Promise.all(wanted);
      clock.now += 1500;
      await getTwo();
      void get('e');
      expect(queries()).toEqual([query]);
    },
  );

  it('do not affect a query without a rule', async () => {
    const { asked, runner } = sharing();
    const plain = Promise.all([runner.query('up', {}), runner.query('up', {})]);
    asked[0]?.answer({ 'shop/a': 1 });
    expect((await plain)[0]).toBe((await plain)[1]);
    expect(asked).toHaveLength(1);
  });
});

describe('the query over all objects', () => {
  it('serves further requests while its answer is cached, even if few of its samples are needed', async () => {
    const { asked, get, getTwo, queries } = sharing();
    await getTwo();
    const one = get('p1');
    const many = Array.from({ length: 2000 }, (_, index) => [`shop/p${index}`, index]);
    asked[0]?.answer(Object.fromEntries(many));
    await one;
    expect(await get('p2')).toEqual({ p2: 2 });
    expect(queries()).toEqual([FOR_ALL]);
  });

  it('is sent again soon after a failure of the server', async () => {
    const { asked, get, getTwo, queries } = sharing();
    await getTwo();
    const failing = get('c');
    asked[0]?.fail(new Error('down'));
    await expect(failing).rejects.toThrow('down');
    asked.length = 0;
    void get('d');
    expect(queries()).toEqual([FOR_ALL]);
  });

  it('ends when all callers have cancelled', async () => {
    const { asked, get, getTwo } = sharing();
    await getTwo();
    const gone = [new AbortController(), new AbortController()];
    const both = Promise.allSettled(gone.map(({ signal }, i) => get(`p${i}`, signal)));
    expect(asked[0]?.signal?.aborted).toBe(false);
    for (const controller of gone) controller.abort();
    expect(asked[0]?.signal?.aborted).toBe(true);
    await both;
  });

  it.each([
    [0, FOR_ALL],
    [1, 'sum by (pod) (x{namespace="shop",pod="d"})'],
  ])(
    'with a result of 32 MiB and %i more characters is sent again, or not for some time',
    async (more, query) => {
      const { asked, clock, get, getTwo, kept, queries } = sharing();
      await getTwo();
      const one = get('c');
      const sample = (id: string) => ({
        labels: { namespace: 'shop', pod: 'c', id },
        value: 1,
        timestamp: 1,
      });
      const rest = (32 * 2 ** 20 - sampleBytes([sample('')])) / 2;
      const samples = [sample('x'.repeat(rest + more))];
      asked.splice(0)[0]?.give({ type: 'vector', samples });
      expect(await one).toEqual({ c: 1 });
      // With its query, it is larger than the cache.
      expect(kept.all).toBe(0);
      clock.now += 1500;
      await getTwo();
      void get('d');
      expect(queries()).toEqual([query]);
    },
  );

  it('is not sent again if its result is not a vector', async () => {
    const { asked, get, getTwo, queries } = sharing();
    await getTwo();
    const one = get('c');
    asked[0]?.give({ type: 'scalar', value: 1, timestamp: 1 });
    await expect.poll(queries).toHaveLength(2);
    asked[1]?.answer({ 'shop/c': 1 });
    expect(await one).toEqual({ c: 1 });
  });

  it('is not used if the maximum age is 0', async () => {
    const { rule, runner } = sharing(0);
    let made = 0;
    const request: QueryRequest = {
      series: 'x',
      selector: [],
      objects: { label: 'pod', names: ['a'] },
      groupBy: ['pod'],
    };
    const counted = {
      ...rule,
      query: {
        ...rule.query,
        for(asked: QueryRequest) {
          made += 1;
          return rule.query.for(asked);
        },
      },
    };
    void runner.query(rule.query.for(request), { origin: { rule: counted, request } });
    expect(made).toBe(0);
  });
});

describe('cached results', () => {
  const sample = { labels: { pod: 'a' }, value: 1, timestamp: 1 };

  it('have the bytes of their samples and of their query', async () => {
    const { asked, bytes, get, getTwo, kept, runner } = sharing();
    const scalar = runner.query('up', {});
    asked.splice(0)[0]?.give({ type: 'scalar', value: 1, timestamp: 1 });
    await scalar;
    expect(bytes.own).toBe(2 * 'up'.length);
    const vector = runner.query('x', {});
    asked.splice(0)[0]?.give({ type: 'vector', samples: [sample, sample] });
    await vector;
    expect(bytes.own).toBe(2 * 'up'.length + 2 * 'x'.length + sampleBytes([sample, sample]));
    await getTwo();
    const one = get('c');
    asked[0]?.answer({ 'shop/a': 1, 'shop/b': 2, 'shop/c': 3 });
    await one;
    expect(kept).toMatchObject({ all: 1 });
    const ofShop = { ...sample, labels: { namespace: 'shop', pod: 'a' } };
    expect(bytes.all).toBe(2 * FOR_ALL.length + sampleBytes([ofShop, ofShop, ofShop]));
  });

  it('do not include results that are parsed at each iteration', async () => {
    const { asked, kept, runner } = sharing();
    const samples = { length: 1, [Symbol.iterator]: () => [sample].values() };
    const large = runner.query('x', {});
    asked[0]?.give({ type: 'vector', samples });
    expect(await large).toMatchObject({ samples });
    expect(kept.own).toBe(0);
    void runner.query('x', {});
    expect(asked).toHaveLength(2);
  });

  it('are cached without observers, by the default clock', async () => {
    let asked = 0;
    const runner = share(
      {
        async query() {
          asked += 1;
          return {
            type: 'vector',
            samples: [{ ...sample, labels: { namespace: 'shop', pod: 'a' } }],
          };
        },
      },
      { maxAgeMs: 600_000 },
    );
    const { rule } = sharing();
    const get = (pod: string) => {
      const request: QueryRequest = {
        series: 'x',
        selector: [],
        namespace: { label: 'namespace', value: 'shop' },
        objects: { label: 'pod', names: [pod] },
        groupBy: ['pod'],
      };
      return runner.query(rule.query.for(request), { origin: { rule, request } });
    };
    for (const pod of ['a', 'a', 'b', 'c', 'd', 'e']) await get(pod);
    expect(asked).toBe(3);
  });
});

describe('a request for many objects', () => {
  const names = Array.from({ length: 101 }, (_, i) => `p${i}`);
  const ofNamespace = 'sum by (pod) (x{namespace="shop",pod!=""})';
  const byName = `sum by (pod) (x{namespace="shop",pod=~"${names.join('|')}"})`;

  it('is a query for all objects of the namespace, and gets its own samples', async () => {
    const { asked, get, queries } = sharing();
    const many = get(names.join());
    expect(queries()).toEqual([ofNamespace]);
    asked[0]?.answer({ 'shop/p0': 1, 'shop/other': 2, 'shop/p100': 3 });
    expect(await many).toEqual({ p0: 1, p100: 3 });
  });

  it('is a query with their names if the other one is rejected', async () => {
    const { asked, get, queries } = sharing();
    const many = get(names.join());
    asked[0]?.fail(new Refusal());
    await expect.poll(queries).toEqual([ofNamespace, byName]);
    const refusal = new Refusal();
    asked[1]?.fail(refusal);
    await expect(many).rejects.toBe(refusal);
  });

  it('fails with the server, without a second query', async () => {
    const { asked, get } = sharing();
    const many = get(names.join());
    const down = new Error('down');
    asked[0]?.fail(down);
    await expect(many).rejects.toBe(down);
    expect(asked).toHaveLength(1);
  });

  it('gets a result that is not a vector unchanged', async () => {
    const { asked, get } = sharing();
    const many = get(names.join());
    asked[0]?.give({ type: 'scalar', value: 1, timestamp: 1 });
    await expect(many).rejects.toThrow('scalar');
    expect(asked).toHaveLength(1);
  });

  describe('whose rule cannot be separated by object', () => {
    function ask(count: number, metricsQuery = 'topk(1, x{<<.LabelMatchers>>})') {
      const { asked, runner } = sharing();
      const rule = compiledRule({ metricsQuery });
      const request: QueryRequest = {
        series: 'x',
        selector: [],
        objects: { label: 'pod', names: names.slice(0, count) },
        groupBy: ['pod'],
      };
      const promql = rule.query.for(request);
      return { asked, promql, answer: runner.query(promql, { origin: { rule, request } }) };
    }

    it('fails with an explanation of its length', async () => {
      const { answer, asked, promql } = ask(101);
      expect(asked.map(({ promql }) => promql)).toEqual([promql]);
      const refusal = new Refusal('HTTP 414');
      asked[0]?.fail(refusal);
      await expect(answer).rejects.toMatchObject({
        name: 'PrometheusError',
        kind: 'bad_query',
        message: expect.stringContaining(
          `the query has ${promql.length} characters because it names 101 objects`,
        ),
      });
    });

    it('fails with the original error if it is short, or the server fails', async () => {
      for (const [count, failure] of [
        [100, new Refusal()],
        [101, new Error('down')],
      ] as const) {
        const { answer, asked } = ask(count);
        asked[0]?.fail(failure);
        await expect(answer).rejects.toBe(failure);
      }
    });
  });
});

describe('a rule with `sharing: false`', () => {
  it('has no query over all objects, for any number of requests', async () => {
    const { asked, runner } = sharing();
    const rule = compiledRule({
      metricsQuery: 'sum by (<<.GroupBy>>) (x{<<.LabelMatchers>>})',
      sharing: false,
    });
    const own = ['a', 'b', 'c', 'd'].map((pod) => {
      const request: QueryRequest = {
        series: 'x',
        selector: [],
        objects: { label: 'pod', names: [pod] },
        groupBy: ['pod'],
      };
      const promql = rule.query.for(request);
      void runner.query(promql, { origin: { rule, request } });
      return promql;
    });
    expect(asked.map(({ promql }) => promql)).toEqual(own);
  });

  it('is sent each time, with the signal of the request', async () => {
    const { asked, kept, runner } = sharing();
    const rule = compiledRule({ metricsQuery: 'x{<<.LabelMatchers>>}', sharing: false });
    const origin = { rule, request: { series: 'x', selector: [], groupBy: [] } };
    const { signal } = new AbortController();
    const first = runner.query('up', { origin, signal });
    expect(asked[0]?.signal).toBe(signal);
    const found: QueryAnswer = { type: 'scalar', value: 1, timestamp: 1 };
    asked[0]?.give(found);
    expect(await first).toBe(found);
    expect(kept.own).toBe(0);
    void runner.query('up', { origin });
    expect(asked).toHaveLength(2);
  });
});

describe('the observer of a request gets every query', () => {
  const ofA = 'sum by (pod) (x{namespace="shop",pod="a"})';

  it('with the source of its result and its duration', async () => {
    const { asked, clock, counted, get, kept, told } = sharing();
    const first = get('a');
    clock.now += 300;
    const second = get('a');
    expect(told.map(({ end }) => end)).toEqual([undefined, undefined]);
    clock.now += 200;
    asked[0]?.answer({});
    await Promise.all([first, second]);
    await get('a');
    expect(told).toEqual([
      { query: { promql: ofA, scope: 'own', source: 'prometheus' }, end: { durationSeconds: 0.5 } },
      { query: { promql: ofA, scope: 'own', source: 'in_flight' }, end: { durationSeconds: 0.2 } },
      { query: { promql: ofA, scope: 'own', source: 'cache' }, end: { durationSeconds: 0 } },
    ]);
    expect(counted).toEqual({ own: 3, all: 0 });
    expect(kept).toEqual({ own: 1, all: 0 });
  });

  it('including the query over all objects, and the single query if that one fails', async () => {
    const { asked, counted, get, getTwo, kept, told } = sharing();
    await getTwo();
    told.splice(0);
    const both = Promise.all([get('a'), get('b')]);
    const refusal = new Refusal();
    asked[0]?.fail(refusal);
    await expect.poll(() => asked.length).toBe(3);
    for (const { answer } of asked) answer({});
    await both;
    const failed = { durationSeconds: 0, error: refusal };
    expect(told.slice(0, 2)).toEqual([
      { query: { promql: FOR_ALL, scope: 'all', source: 'prometheus' }, end: failed },
      { query: { promql: FOR_ALL, scope: 'all', source: 'in_flight' }, end: failed },
    ]);
    expect(told.slice(2)).toMatchObject([
      { query: { promql: ofA, scope: 'own', source: 'prometheus' }, end: { durationSeconds: 0 } },
      { query: { scope: 'own', source: 'prometheus' }, end: { durationSeconds: 0 } },
    ]);
    expect(counted).toEqual({ own: 4, all: 2 });
    expect(kept).toEqual({ own: 4, all: 0 });
  });

  it('and its cancellation, but nothing if it is cancelled before', async () => {
    const { get, told } = sharing();
    const gone = new AbortController();
    const given = get('a', gone.signal);
    const reason = new Error('gone');
    gone.abort(reason);
    await expect(given).rejects.toBe(reason);
    expect(told).toMatchObject([{ end: { error: reason } }]);
    await expect(get('a', gone.signal)).rejects.toBe(reason);
    expect(told).toHaveLength(1);
  });

  it('of a rule that is not shared', async () => {
    const { asked, runner, told } = sharing();
    const rule = compiledRule({ metricsQuery: 'x{<<.LabelMatchers>>}', sharing: false });
    const origin = { rule, request: { series: 'x', selector: [], groupBy: [] } };
    const onQuery: OnQuery = (query) => {
      told.push({ query });
      return () => undefined;
    };
    const both = Promise.all(['up', 'up'].map((up) => runner.query(up, { origin, onQuery })));
    for (const { answer } of asked) answer({});
    await both;
    expect(told.map(({ query }) => query.source)).toEqual(['prometheus', 'prometheus']);
  });
});

it('limits the memory of results with long labels', async () => {
  let kept = { count: 0, bytes: 0 };
  const labels = { id: 'x'.repeat(200_000) };
  const runner = share(
    {
      query: async () => ({ type: 'vector', samples: [{ labels, value: 1, timestamp: 1 }] }),
    },
    {
      maxAgeMs: 1000,
      onKept(scope, count, bytes) {
        if (scope === 'own') kept = { count, bytes };
      },
      now: () => 0,
    },
  );
  for (let i = 0; i < 100; i += 1) await runner.query(`x{i="${i}"}`, {});
  expect(kept.count).toBe(83);
  expect(kept.bytes).toBeLessThan(32 * 2 ** 20);
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningPrometheus } from '../../scripts/parts/prometheus.ts';
import { type RunningAdapter, sendRequest, startAdapter } from './adapter.ts';
import { type ComparisonOptions, compareAnswers, describeDifferences } from './compare.ts';
import {
  type Deviation,
  deviatingAnswer,
  type Expectation,
  expectationOf,
  isNoDeviation,
  parseExceptions,
  unusedSelectors,
  withValues,
} from './expectations.ts';
import { type GoldenUsers, makeUsers } from './golden-users.ts';
import { type KubernetesApi, startKubernetesApi } from './kubernetes-api.ts';
import { parseGroups } from './kubernetes-discovery.ts';
import { parseObjects } from './kubernetes-objects.ts';
import { startGoldenPrometheus } from './prometheus-data.ts';
import { parseRecording, startReplay } from './prometheus-replay.ts';
import {
  type Answer,
  caseTitle,
  configNames,
  dataPath,
  type GoldenCase,
  loadCases,
  readData,
} from './recorded-cases.ts';
import { type RecordingProxy, startRecordingProxy } from './recording-proxy.ts';

const exceptions = parseExceptions(
  await readFile(new URL('deviations.yaml', import.meta.url), 'utf8'),
);
const plan = configNames
  .flatMap(loadCases)
  .map((golden) => ({ golden, expectation: expectationOf(golden, exceptions) }));
type PlannedCase = (typeof plan)[number];

/** Cases that a test has compared, for the count at the end. */
const compared = new Set<GoldenCase>();

let scratch: string;
let users: GoldenUsers;
let kubernetes: KubernetesApi;
let prometheus: RunningPrometheus;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'golden-'));
  users = await makeUsers();
  kubernetes = await startKubernetesApi({
    groups: parseGroups(readData('kube-discovery.json')),
    objects: [...parseObjects(readData('objects.yaml')), users.authenticationConfigMap],
    kubeconfig: join(scratch, 'kubeconfig'),
  });
  prometheus = await startGoldenPrometheus();
});

afterAll(async () => {
  await prometheus?.stop();
  await kubernetes?.close();
  await rm(scratch, { recursive: true, force: true });
});

describe('the list of exceptions', () => {
  const cases = plan.map(({ golden }) => golden);

  it('names only cases that exist', () => {
    expect(unusedSelectors(cases, exceptions)).toEqual([]);
  });

  it('holds no deviation that says the same as the recording', () => {
    const stale = plan.filter(
      ({ golden, expectation }) =>
        expectation.kind === 'deviating' && isNoDeviation(golden, expectation.deviation),
    );
    expect(stale.map(({ golden }) => `${golden.config} ${caseTitle(golden)}`)).toEqual([]);
  });
});

describe.each(configNames)('%s', (config) => {
  const planned = plan.filter(({ golden }) => golden.config === config);
  let proxy: RecordingProxy;
  let adapter: RunningAdapter;

  beforeAll(async () => {
    proxy = await startRecordingProxy(prometheus.url);
    adapter = await startWith(config, proxy);
  });
  afterAll(async () => {
    await adapter?.stop();
    await proxy?.close();
  });

  it('asks Prometheus for the series of every series query once', () => {
    const { series } = parseRecording(readData(`prom/${config}.json`));
    // Queries that differ in white space only are one: the reference asked them one by one.
    const recorded = series.map(({ match }) => match.join(' ').trim()).sort();
    const sent = discoveryCalls.get(config)?.toSorted();
    expect(sent).toEqual([...new Set(recorded)]);
  });

  for (const { golden, expectation } of planned) {
    it(caseTitle(golden), async () => {
      const actual = await ask(adapter, proxy, golden);
      compared.add(golden);
      if (expectation.kind === 'deviating') assertDeviates(golden, expectation.deviation, actual);
      else assertSame(...expectedNow(golden, expectation), actual);
    });
  }
});

const ordered = plan.filter(isOrdered);
describe.each([...new Set(ordered.map(({ golden }) => golden.config))])(
  '%s, in the order of Prometheus 3.5',
  (config) => {
    let replay: RecordingProxy;
    let adapter: RunningAdapter;

    beforeAll(async () => {
      replay = await startReplay(parseRecording(readData(`prom/${config}.json`)));
      adapter = await startWith(config, replay);
    });
    afterAll(async () => {
      await adapter?.stop();
      await replay?.close();
    });

    for (const { golden } of ordered.filter((planned) => planned.golden.config === config)) {
      it(caseTitle(golden), async () => {
        assertSame(golden.recorded, {}, await ask(adapter, replay, golden));
      });
    }
  },
);

describe('all of them', () => {
  it('were compared', () => {
    expect(plan).toHaveLength(1004);
    expect(compared.size).toBe(1004);
  });
});

/** The `match[]` of the discovery calls that each configuration made at its start. */
const discoveryCalls = new Map<string, string[]>();

async function startWith(config: string, recorder: RecordingProxy): Promise<RunningAdapter> {
  const adapter = await startAdapter({
    config: dataPath(`configs/${config}.yaml`),
    prometheusUrl: recorder.url,
    kubeconfig: join(scratch, 'kubeconfig'),
    certificates: join(scratch, 'certificates'),
  });
  const calls = recorder.takeRequests().filter(({ path }) => path === '/api/v1/series');
  discoveryCalls.set(
    config,
    calls.map(({ parameters }) => parameters.getAll('match[]').join(' ')),
  );
  return adapter;
}

/** Sends the request of a case and writes down which queries it caused. */
async function ask(
  adapter: RunningAdapter,
  recorder: RecordingProxy,
  { recorded: { request } }: GoldenCase,
): Promise<Answer> {
  recorder.takeRequests();
  const answer = await sendRequest(adapter.port, request, users.certificateOf(request));
  const queries = recorder
    .takeRequests()
    .filter(({ path }) => path === '/api/v1/query')
    .map(({ parameters }) => parameters.get('query') ?? '');
  // Those of CPU and memory go out at the same time; the recordings have them sorted.
  const isAtOnce = request.path.startsWith('/apis/metrics.k8s.io/');
  return { ...answer, queries: isAtOnce ? queries.sort() : queries };
}

/** What a Prometheus that sorts by labels makes of a recorded answer. */
function expectedNow(
  { recorded }: GoldenCase,
  { order }: Extract<Expectation, { kind: 'same' }>,
): [Answer, ComparisonOptions] {
  if (order === undefined) return [recorded, {}];
  const { values } = order;
  return [values === undefined ? recorded : withValues(recorded, values), { itemOrder: 'any' }];
}

function assertSame(expected: Answer, options: ComparisonOptions, actual: Answer): void {
  const differences = compareAnswers(expected, actual, options);
  if (differences.length > 0) expect.fail(describeDifferences(differences));
}

function assertDeviates(golden: GoldenCase, { expect: expected }: Deviation, actual: Answer): void {
  if (compareAnswers(golden.recorded, actual).length === 0) {
    expect.fail('the answer is as recorded: the deviation is stale');
  }
  assertSame(
    deviatingAnswer(golden, expected, actual.body),
    { itemOrder: expected.itemOrder ?? 'as-listed' },
    actual,
  );
}

function isOrdered({ expectation }: PlannedCase): boolean {
  return expectation.kind === 'same' && expectation.order !== undefined;
}

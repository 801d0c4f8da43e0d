// The golden cases, against one server or another.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RealServer, RunningServer } from '../fixtures/real-servers.ts';
import { type RunningAdapter, sendRequest, startAdapter } from './adapter.ts';
import { type ComparisonOptions, compareAnswers, describeDifferences } from './compare.ts';
import {
  type Deviation,
  deviatingAnswer,
  type Expectation,
  expectationOf,
  parseExceptions,
  withValues,
} from './expectations.ts';
import { type GoldenUsers, makeUsers } from './golden-users.ts';
import { type KubernetesApi, startKubernetesApi } from './kubernetes-api.ts';
import { parseGroups } from './kubernetes-discovery.ts';
import { parseObjects } from './kubernetes-objects.ts';
import { startGoldenServer } from './prometheus-data.ts';
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

import { differenceOf, parseServerDifferences } from './server-differences.ts';

export const exceptions = parseExceptions(
  await readFile(new URL('deviations.yaml', import.meta.url), 'utf8'),
);
/** Every recorded case with its expectation. */
export const plan = configNames
  .flatMap(loadCases)
  .map((golden) => ({ golden, expectation: expectationOf(golden, exceptions) }));
type PlannedCase = (typeof plan)[number];

const serverDifferences = parseServerDifferences(
  await readFile(new URL('server-differences.yaml', import.meta.url), 'utf8'),
);

/** Cases that a test has compared, for the count at the end. */
const compared = new Set<GoldenCase>();

/** The state of the file that describes the cases: each is a process of its own. */
let scratch: string;
let users: GoldenUsers;
let kubernetes: KubernetesApi;
let prometheus: RunningServer;

/**
 * Describes the golden cases against a server that has data/series.prom.
 *
 * @param options `replaysOrder`: also those cases exactly that depend on the order of the answers
 */
export function describeGoldenCases(
  server: RealServer,
  { replaysOrder = false }: { readonly replaysOrder?: boolean } = {},
): void {
  describe.skipIf(server.isMissing)(server.name, () => {
    beforeAll(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'golden-'));
      users = await makeUsers();
      kubernetes = await startKubernetesApi({
        groups: parseGroups(readData('kube-discovery.json')),
        objects: [...parseObjects(readData('objects.yaml')), users.authenticationConfigMap],
        kubeconfig: join(scratch, 'kubeconfig'),
      });
      prometheus = await startGoldenServer(server);
    });

    afterAll(async () => {
      await prometheus?.stop();
      await kubernetes?.close();
      await rm(scratch, { recursive: true, force: true });
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

      it('requests the series of every series query from Prometheus once', () => {
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
          const difference = differenceOf(server, golden, serverDifferences);
          if (difference === undefined) assertExpected(golden, expectation, actual);
          else assertDiffers(golden, expectation, difference.status, actual);
        });
      }
    });

    const ordered = replaysOrder ? plan.filter(isOrdered) : [];
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
  });
}

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

/** Sends the request of a case and records the queries that it causes. */
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

function assertExpected(golden: GoldenCase, expectation: Expectation, actual: Answer): void {
  if (expectation.kind === 'deviating') assertDeviates(golden, expectation.deviation, actual);
  else assertSame(...expectedNow(golden, expectation), actual);
}

/** A case that a server answers otherwise, by server-differences.yaml. */
function assertDiffers(
  golden: GoldenCase,
  expectation: Expectation,
  status: number,
  actual: Answer,
): void {
  expect(actual.status).toBe(status);
  let isAsElsewhere = true;
  try {
    assertExpected(golden, expectation, actual);
  } catch {
    isAsElsewhere = false;
  }
  if (isAsElsewhere) expect.fail('the answer is as with other servers: the difference is stale');
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

import { describe, expect, it } from 'vitest';
import { metricSamples } from '../../test/fixtures/metric-samples.ts';
import { createMetricsRegistry } from '../telemetry/registry.ts';
import { parseRequestUrl, requestInfo } from './http/request-info.ts';
import { createApiserverMetrics } from './monitoring.ts';

function create() {
  const registry = createMetricsRegistry('1');
  return {
    metrics: createApiserverMetrics(registry),
    samples: () => metricSamples(registry),
  };
}

/** The samples of one metric. */
function only(samples: Readonly<Record<string, number>>, name: string) {
  return Object.fromEntries(Object.entries(samples).filter(([key]) => key.startsWith(name)));
}

describe('requests', () => {
  it('are counted once, and are in flight until they are answered', async () => {
    const { metrics, samples } = create();
    const request = { verb: 'get', group: 'custom.metrics.k8s.io', resource: 'pods', code: 200 };
    const done = metrics.apiRequestStarted();
    metrics.apiRequestStarted();
    done(request);
    done(request);
    const labels = 'verb="get",group="custom.metrics.k8s.io",resource="pods"';
    expect(await samples()).toMatchObject({
      api_requests_in_flight: 1,
      [`api_requests_total{${labels},code="200"}`]: 1,
      [`api_request_duration_seconds_count{${labels}}`]: 1,
    });
  });

  it('do not create series for unknown label values', async () => {
    const { metrics, samples } = create();
    for (let number = 0; number < 500; number += 1) {
      const done = metrics.apiRequestStarted();
      done({ verb: `v${number}`, group: undefined, resource: `r${number}`, code: 404 });
      metrics.apiRequestStarted()({ verb: 'get', group: '', resource: `s${number}`, code: 200 });
    }
    const counters = only(await samples(), 'api_requests_total');
    expect(counters).toHaveProperty([
      'api_requests_total{verb="other",group="other",resource="other",code="404"}',
    ]);
    expect(Object.keys(counters).length).toBeLessThanOrEqual(102);
  });

  it('are counted by each verb that a request can have', async () => {
    const { metrics, samples } = create();
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'BREW']) {
      for (const target of ['/version', '/apis/g/v1/pods', '/apis/g/v1/pods/a']) {
        const { verb } = requestInfo(method, parseRequestUrl(target));
        metrics.apiRequestStarted()({ verb, group: '', resource: '', code: 403 });
      }
    }
    const counters = only(await samples(), 'api_requests_total');
    const verbs = Object.keys(counters).map((name) => /verb="(\w*)"/.exec(name)?.[1]);
    expect(verbs.toSorted()).toEqual([
      'create',
      'delete',
      'deletecollection',
      'get',
      'head',
      'list',
      'other',
      'patch',
      'post',
      'put',
      'update',
    ]);
  });

  it('are counted by resource regardless of its case', async () => {
    const { metrics, samples } = create();
    for (const resource of ['pods', 'Pods', 'PODS']) {
      metrics.apiRequestStarted()({ verb: 'get', group: '', resource, code: 200 });
    }
    expect(only(await samples(), 'api_requests_total')).toEqual({
      'api_requests_total{verb="get",group="",resource="pods",code="200"}': 3,
    });
  });

  it('are counted by the outcome of authentication and authorization', async () => {
    const { metrics, samples } = create();
    metrics.authenticated('token', 'success');
    metrics.authorized('denied');
    expect(await samples()).toMatchObject({
      'authentications_total{method="token",outcome="success"}': 1,
      'authentications_total{method="none",outcome="refused"}': 0,
      'authorizations_total{outcome="denied"}': 1,
      'authorizations_total{outcome="allowed"}': 0,
    });
  });
});

it('exports the connections and the unsent bytes', async () => {
  const { metrics, samples } = create();
  metrics.connectionsOpen(3);
  metrics.connectionClosed('stalled');
  metrics.unsentBytesFrom(() => 7);
  const found = await samples();
  expect(found).toMatchObject({ connections: 3, unsent_response_bytes: 7 });
  expect(only(found, 'connections_closed_total')).toEqual({
    'connections_closed_total{reason="connection_limit"}': 0,
    'connections_closed_total{reason="address_limit"}': 0,
    'connections_closed_total{reason="unsent_limit"}': 0,
    'connections_closed_total{reason="stalled"}': 1,
    'connections_closed_total{reason="pipeline_limit"}': 0,
    'connections_closed_total{reason="plain_http"}': 0,
    'connections_closed_total{reason="shutdown"}': 0,
  });
});

describe('flow control', () => {
  it('exports all counters from the start', async () => {
    const { samples } = create();
    const found = await samples();
    expect(Object.keys(only(found, 'flow_control_requests_rejected_total'))).toHaveLength(8);
    expect(only(found, 'flow_control_reviews_rejected_total')).toEqual({
      'flow_control_reviews_rejected_total{pool="front_proxy",reason="full"}': 0,
      'flow_control_reviews_rejected_total{pool="unproven",reason="full"}': 0,
      'flow_control_reviews_rejected_total{pool="front_proxy",reason="flow_limit"}': 0,
      'flow_control_reviews_rejected_total{pool="unproven",reason="flow_limit"}': 0,
    });
  });

  it('exports the requests and reviews in flight, waiting and rejected, by pool', async () => {
    const { metrics, samples } = create();
    metrics.requestsInFlight('front_proxy', 7);
    metrics.requestRejected('unproven', 'flow_limit');
    metrics.reviewsChanged('unproven', { running: 8, waiting: 3 });
    metrics.reviewRejected('unproven', 'full');
    expect(await samples()).toMatchObject({
      'flow_control_requests_in_flight{pool="front_proxy"}': 7,
      'flow_control_requests_rejected_total{pool="unproven",reason="flow_limit"}': 1,
      'flow_control_reviews_in_flight{pool="unproven"}': 8,
      'flow_control_reviews_waiting{pool="unproven"}': 3,
      'flow_control_reviews_rejected_total{pool="unproven",reason="full"}': 1,
    });
  });
});

import { describe, expect, it } from 'vitest';
import { only, renderChart, type Values } from './helm.ts';

async function policy(networkPolicy: Values, values: Values = {}) {
  const all = { ...values, networkPolicy: { enabled: true, ...networkPolicy } };
  return only(await renderChart({ values: all }), 'NetworkPolicy');
}

const controlPlane = { ipBlock: { cidr: '10.0.0.0/28' } };
const prometheus = { podSelector: { matchLabels: { app: 'prometheus' } } };

describe('the network policy', () => {
  it('is off by default', async () => {
    expect((await renderChart()).map(({ kind }) => kind)).not.toContain('NetworkPolicy');
  });

  it('selects the pods of the Deployment', async () => {
    const manifests = await renderChart({ values: { networkPolicy: { enabled: true } } });
    const { spec } = only(manifests, 'Deployment');
    const selector = Reflect.get(Object(spec), 'selector');
    expect(only(manifests, 'NetworkPolicy').spec).toMatchObject({ podSelector: selector });
  });

  it('allows ingress to the serving port, and egress to DNS, Prometheus and the API server', async () => {
    expect((await policy({}, { listenPort: 8443 })).spec).toMatchObject({
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ ports: [{ protocol: 'TCP', port: 8443 }] }],
      egress: [
        {
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
        { ports: [{ protocol: 'TCP', port: 9090 }] },
        {
          ports: [
            { protocol: 'TCP', port: 443 },
            { protocol: 'TCP', port: 6443 },
          ],
        },
      ],
    });
  });

  it.each([
    ['http://prom.svc', [9090]],
    ['http://prom.svc:80', [80, 9090]],
    ['https://prom.svc:10902/api', [10902, 9090]],
  ])('opens the port of %s, and that of Prometheus itself', async (url, ports) => {
    expect((await policy({}, { prometheus: { url } })).spec).toMatchObject({
      egress: [{}, { ports: ports.map((port) => ({ protocol: 'TCP', port })) }, {}],
    });
  });

  it.each([
    ['http://prom.svc', 80],
    ['https://prom.svc', 443],
  ])('opens the port of the scheme where %s has none', async (url, port) => {
    expect((await policy({}, { prometheus: { url, port: '' } })).spec).toMatchObject({
      egress: [{}, { ports: [{ port }, { port: 9090 }] }, {}],
    });
  });

  it('can be restricted to the API server and to scrapers', async () => {
    const ingress = { from: [controlPlane], metricsFrom: [prometheus] };
    expect((await policy({ ingress })).spec).toMatchObject({
      ingress: [{ from: [controlPlane, prometheus] }],
    });
    const { spec } = await policy({ ingress: { metricsFrom: [prometheus] } });
    expect(JSON.stringify(spec)).not.toContain('prometheus"');
  });

  it('can be restricted to peers and ports of each destination, with additional rules', async () => {
    const extra = { ports: [{ port: 4317 }], to: [prometheus] };
    const egress = {
      dns: { to: [{ namespaceSelector: {} }], ports: [5353] },
      prometheus: { to: [prometheus], ports: [10902] },
      apiServer: { to: [controlPlane], ports: [6443] },
      extra: [extra],
    };
    const { spec } = await policy({ egress, ingress: { extra: [{ from: [prometheus] }] } });
    expect(spec).toMatchObject({
      ingress: [{ ports: [{ port: 6443 }] }, { from: [prometheus] }],
      egress: [
        {
          to: [{ namespaceSelector: {} }],
          ports: [{ protocol: 'UDP', port: 5353 }, { port: 5353 }],
        },
        { to: [prometheus], ports: [{ protocol: 'TCP', port: 10902 }] },
        { to: [controlPlane], ports: [{ protocol: 'TCP', port: 6443 }] },
        extra,
      ],
    });
  });
});

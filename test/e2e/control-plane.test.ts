import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../scripts/parts/control-plane.ts';
import { autoscaler } from './autoscaler.ts';
import { deployment } from './deployment.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';

let plane: ControlPlane;
let kubectl: Kubectl;

beforeAll(async () => {
  plane = await startControlPlane({ controllers: true });
  kubectl = await createKubectl(plane.kubeconfig, plane.directory);
});

afterAll(() => plane?.stop());

test('the API server answers kubectl and reports its version', async () => {
  expect(await kubectl.raw('/version')).toMatchObject({ gitVersion: `v${plane.version}` });
  expect(await kubectl.run('get', 'namespaces', '--output=name')).toContain('namespace/default');
});

test('a Deployment gets pods that are ready, and they are removed when it is deleted', async () => {
  await kubectl.apply(deployment('default', 'web', 3));
  await kubectl.run('rollout', 'status', 'deployment/web', '--timeout=60s');
  expect(await kubectl.field('deployment', 'web', '{.status.readyReplicas}')).toBe('3');
  await kubectl.run('delete', 'deployment', 'web');
  await expect
    .poll(() => kubectl.run('get', 'pods', '--output=name'), { timeout: 60_000 })
    .toBe('');
});

test('the autoscaler reports that a metric that is not served is unavailable', async () => {
  await kubectl.apply(deployment('default', 'api', 1));
  await kubectl.apply(
    autoscaler(plane.minor, 'default', 'api', 3, {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
    }),
  );
  await expect
    .poll(() => kubectl.run('get', 'events', '--output=jsonpath={.items[*].reason}'), {
      timeout: 60_000,
    })
    .toContain('FailedGetResourceMetric');
});

test('a service account is authenticated by its token, and has no permissions by default', async () => {
  const kubeconfig = await plane.serviceAccountKubeconfig('default', 'default');
  const serviceAccount = await createKubectl(kubeconfig, plane.directory);
  await expect(serviceAccount.run('get', 'pods')).rejects.toThrow(
    'User "system:serviceaccount:default:default" cannot list resource "pods"',
  );
});

test('the API server restarts on the same port with its data', async () => {
  await plane.stopApiServer();
  await expect(kubectl.run('get', 'namespaces')).rejects.toThrow(/refused/);
  await plane.startApiServer();
  await kubectl.run('create', 'namespace', 'after');
  await kubectl.run('delete', 'namespace', 'after', '--timeout=60s');
  expect(await kubectl.run('get', 'deployments', '--output=name')).toBe('deployment.apps/api');
});

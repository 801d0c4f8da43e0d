import type { Manifest } from './kubectl.ts';

/** A Deployment whose pods carry the label `app` with its name. */
export function deployment(namespace: string, name: string, replicas: number): Manifest {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'web', image: 'nginx', resources: { requests: { cpu: '100m' } } }],
        },
      },
    },
  };
}

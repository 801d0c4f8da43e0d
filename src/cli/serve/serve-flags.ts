import { type Flag, flag } from '../flag.ts';
import { auditFlags } from './audit-flags.ts';
import { authenticationFlags, authorizationFlags } from './delegation-flags.ts';
import { discoveryFlags } from './discovery-flags.ts';
import { featureFlags } from './feature-flags.ts';
import { kubernetesFlags } from './kubernetes-flags.ts';
import { loggingFlags } from './logging-flags.ts';
import { prometheusFlags } from './prometheus-flags.ts';
import { servingFlags } from './serving-flags.ts';

/** A section of the help. */
export interface FlagSection {
  readonly title: string;
  readonly flags: readonly Flag<unknown>[];
}

/** The flags that print a text instead of starting the server. */
export const globalFlags = {
  help: flag.bool({
    name: 'help',
    shorthand: 'h',
    default: false,
    help: 'Show this help.',
  }),
  version: flag.bool({
    name: 'version',
    default: false,
    help: 'Show the version.',
  }),
};

/**
 * All flags of `serve`: those of prometheus-adapter v0.12 (cmd/adapter, and with it
 * custom-metrics-apiserver 1.30, k8s.io/apiserver 0.30 and klog), those of older versions that manifests
 * still contain, and those of this project.
 */
export const SERVE_FLAG_SECTIONS: readonly FlagSection[] = [
  { title: 'Prometheus', flags: Object.values(prometheusFlags) },
  { title: 'Rules and discovery', flags: Object.values(discoveryFlags) },
  { title: 'Kubernetes API', flags: Object.values(kubernetesFlags) },
  { title: 'Secure serving', flags: Object.values(servingFlags) },
  { title: 'Authentication', flags: Object.values(authenticationFlags) },
  { title: 'Authorization', flags: Object.values(authorizationFlags) },
  { title: 'Logging', flags: Object.values(loggingFlags) },
  { title: 'Features', flags: featureFlags },
  { title: 'Audit', flags: auditFlags },
  { title: 'Global', flags: Object.values(globalFlags) },
];

export const SERVE_FLAGS: readonly Flag<unknown>[] = SERVE_FLAG_SECTIONS.flatMap(
  ({ flags }) => flags,
);

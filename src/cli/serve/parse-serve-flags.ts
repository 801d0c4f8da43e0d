import { type ParsedFlags, parseFlags } from '../parse-flags.ts';
import { checkServeFlags } from './check-serve-flags.ts';
import { authenticationFlags, authorizationFlags } from './delegation-flags.ts';
import { discoveryFlags } from './discovery-flags.ts';
import { kubernetesFlags } from './kubernetes-flags.ts';
import { loggingFlags } from './logging-flags.ts';
import { poolSizes } from './pool-sizes.ts';
import { prometheusFlags } from './prometheus-flags.ts';
import { globalFlags, SERVE_FLAGS } from './serve-flags.ts';
import type {
  AuthenticationOptions,
  AuthorizationOptions,
  PrometheusCredentials,
  PrometheusFlags,
  RelistFlags,
  ServeOptions,
  ServingOptions,
} from './serve-options.ts';
import { servingFlags } from './serving-flags.ts';
import { cipherChoice, nodeTlsVersion } from './tls-names.ts';

const STANDALONE_ADDRESS = '127.0.0.1';
const STANDALONE_PORT = 6443;

/** Of an HTTP/2 connection, as in Go. */
const DEFAULT_STREAMS = 250;

/** The parsed command line of `serve`. */
export type ServeCommandLine =
  /** Prints a text; other flags are ignored. */
  | { readonly action: 'help' | 'version' }
  /** All faults of the command line, one sentence each. */
  | {
      readonly action: 'reject';
      readonly faults: readonly string[];
      readonly warnings: readonly string[];
    }
  | {
      readonly action: 'serve';
      readonly options: ServeOptions;
      readonly warnings: readonly string[];
    };

/**
 * Parses the command line of `serve`.
 *
 * @param argv the arguments, without the program's name and the subcommand
 * @returns never throws
 */
export function parseServeFlags(argv: readonly string[]): ServeCommandLine {
  const flags = parseFlags(SERVE_FLAGS, argv);
  if (flags.value(globalFlags.help)) {
    return { action: 'help' };
  }
  if (flags.value(globalFlags.version)) {
    return { action: 'version' };
  }
  const checked = checkServeFlags(flags);
  const faults = [...flags.faults, ...checked.faults];
  const warnings = [...flags.warnings, ...checked.warnings];
  return faults.length > 0
    ? { action: 'reject', faults, warnings }
    : { action: 'serve', options: serveOptions(flags), warnings };
}

function serveOptions(flags: ParsedFlags): ServeOptions {
  return {
    configFile: flags.value(discoveryFlags.config),
    configPollIntervalMs: flags.value(discoveryFlags.configPollInterval),
    checkPromql: flags.value(discoveryFlags.checkPromql),
    standalone: flags.value(discoveryFlags.standalone),
    prometheus: prometheusOptions(flags),
    relist: relistOptions(flags),
    kubernetes: {
      kubeconfigFile: unlessEmpty(flags.value(kubernetesFlags.kubeconfig)),
      discoveryIntervalMs:
        flags.value(kubernetesFlags.discoveryInterval) ||
        flags.value(discoveryFlags.relistInterval),
      maxIndexedObjects: flags.value(kubernetesFlags.maxIndexedObjects),
      qps: flags.value(kubernetesFlags.clientQps),
      burst: flags.value(kubernetesFlags.clientBurst),
    },
    serving: servingOptions(flags),
    authentication: authenticationOptions(flags),
    authorization: authorizationOptions(flags),
    logging: {
      verbosity: Math.max(0, flags.value(loggingFlags.verbosity)),
      format: flags.value(loggingFlags.format),
    },
  };
}

function prometheusOptions(flags: ParsedFlags): PrometheusFlags {
  return {
    url: flags.value(prometheusFlags.url),
    verb: flags.value(prometheusFlags.verb),
    headers: flags.value(prometheusFlags.headers),
    credentials: prometheusCredentials(flags),
    tokenFile: unlessEmpty(flags.value(prometheusFlags.tokenFile)),
    caFile: unlessEmpty(flags.value(prometheusFlags.caFile)),
    clientCertificateFile: unlessEmpty(flags.value(prometheusFlags.clientCertificateFile)),
    clientKeyFile: unlessEmpty(flags.value(prometheusFlags.clientKeyFile)),
    insecureSkipVerify: flags.value(prometheusFlags.insecureSkipVerify),
    timeoutMs: flags.value(prometheusFlags.timeout),
    connectTimeoutMs: flags.value(prometheusFlags.connectTimeout),
    stallTimeoutMs: flags.value(prometheusFlags.stallTimeout),
    maxConcurrency: flags.value(prometheusFlags.maxConcurrency),
    maxQueued: flags.value(prometheusFlags.maxQueued),
    queryMaxAgeMs: flags.value(prometheusFlags.queryMaxAge),
    maxAnswerSize: flags.value(prometheusFlags.maxAnswerSize),
    partialAnswers: flags.value(prometheusFlags.partialAnswers),
    maxAnswerMemory: flags.value(prometheusFlags.maxAnswerMemory),
  };
}

function prometheusCredentials(flags: ParsedFlags): PrometheusCredentials {
  if (flags.value(prometheusFlags.inCluster)) {
    return { from: 'service account' };
  }
  const file = flags.value(prometheusFlags.kubeconfig);
  return file === '' ? { from: 'nowhere' } : { from: 'kubeconfig', file };
}

function relistOptions(flags: ParsedFlags): RelistFlags {
  const intervalMs = flags.value(discoveryFlags.relistInterval);
  return {
    intervalMs,
    maxAgeMs: flags.value(discoveryFlags.maxAge) || intervalMs,
    concurrency: flags.value(discoveryFlags.relistConcurrency),
    discovery: flags.value(discoveryFlags.discovery),
  };
}

function servingOptions(flags: ParsedFlags): ServingOptions {
  const standalone = flags.value(discoveryFlags.standalone);
  const unlessGiven = <T>(isGiven: boolean, given: T, otherwise: T) =>
    standalone && !isGiven ? otherwise : given;
  return {
    bindAddress: unlessGiven(
      flags.isGiven(servingFlags.bindAddress),
      flags.value(servingFlags.bindAddress),
      STANDALONE_ADDRESS,
    ),
    port: unlessGiven(
      flags.isGiven(servingFlags.port),
      flags.value(servingFlags.port),
      STANDALONE_PORT,
    ),
    certificateDirectory: unlessGiven(
      flags.isGiven(servingFlags.certificateDirectory),
      unlessEmpty(flags.value(servingFlags.certificateDirectory)),
      undefined,
    ),
    certificateFile: unlessEmpty(flags.value(servingFlags.certificateFile)),
    keyFile: unlessEmpty(flags.value(servingFlags.keyFile)),
    sniCertificates: flags.value(servingFlags.sniCertificates),
    minTlsVersion: nodeTlsVersion(flags.value(servingFlags.minTlsVersion)),
    ciphers: cipherChoice(flags.value(servingFlags.cipherSuites)).ciphers,
    reusePort: flags.value(servingFlags.reusePort),
    http2: http2Options(flags),
    poolSizes: poolSizes(flags),
    connections: {
      maxConnections: flags.value(servingFlags.maxConnections),
      maxConnectionsPerAddress: unlessGiven(
        flags.isGiven(servingFlags.maxConnectionsPerAddress),
        flags.value(servingFlags.maxConnectionsPerAddress),
        0,
      ),
      maxUnsentBytes: flags.value(servingFlags.maxUnsentBytes),
    },
    requestTimeoutMs: flags.value(servingFlags.requestTimeout),
    shutdownDelayMs: unlessGiven(
      flags.isGiven(servingFlags.shutdownDelay),
      flags.value(servingFlags.shutdownDelay),
      0,
    ),
  };
}

function http2Options(flags: ParsedFlags): ServingOptions['http2'] {
  const { disableHttp2, disableHttp2Serving, maxStreams } = servingFlags;
  if (flags.value(disableHttp2) || flags.value(disableHttp2Serving)) return undefined;
  return { maxStreams: flags.value(maxStreams) || DEFAULT_STREAMS };
}

function authenticationOptions(flags: ParsedFlags): AuthenticationOptions {
  return {
    kubeconfigFile: unlessEmpty(flags.value(authenticationFlags.kubeconfig)),
    skipLookup: flags.value(authenticationFlags.skipLookup),
    tolerateLookupFailure: flags.value(authenticationFlags.tolerateLookupFailure),
    tokenCacheTtlMs: flags.value(authenticationFlags.tokenCacheTtl),
    maxReviewsInFlight: flags.value(authenticationFlags.maxReviewsInFlight),
    maxReviewsQueued: flags.value(authenticationFlags.maxReviewsQueued),
    clientCaFile: unlessEmpty(flags.value(authenticationFlags.clientCaFile)),
    requestHeader: {
      clientCaFile: unlessEmpty(flags.value(authenticationFlags.requestHeaderCaFile)),
      allowedNames: flags.value(authenticationFlags.requestHeaderAllowedNames),
      usernameHeaders: flags.value(authenticationFlags.requestHeaderUsernameHeaders),
      uidHeaders: flags.value(authenticationFlags.requestHeaderUidHeaders),
      groupHeaders: flags.value(authenticationFlags.requestHeaderGroupHeaders),
      extraHeaderPrefixes: flags.value(authenticationFlags.requestHeaderExtraPrefixes),
    },
  };
}

function authorizationOptions(flags: ParsedFlags): AuthorizationOptions {
  return {
    kubeconfigFile: unlessEmpty(flags.value(authorizationFlags.kubeconfig)),
    alwaysAllowPaths: flags.value(authorizationFlags.alwaysAllowPaths),
    authorizedTtlMs: flags.value(authorizationFlags.authorizedTtl),
    unauthorizedTtlMs: flags.value(authorizationFlags.unauthorizedTtl),
  };
}

/** An empty path is equal to a flag that is not given, as in Go programs. */
function unlessEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}

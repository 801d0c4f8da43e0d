import { BlockList, isIPv6 } from 'node:net';
import { formatGoDuration } from '../../apimachinery/go-duration.ts';
import type { Flag } from '../flag.ts';
import type { ParsedFlags } from '../parse-flags.ts';
import { authenticationFlags, authorizationFlags } from './delegation-flags.ts';
import { discoveryFlags } from './discovery-flags.ts';
import { kubernetesFlags } from './kubernetes-flags.ts';
import { noCapacityForFrontProxy } from './pool-sizes.ts';
import { prometheusFlags } from './prometheus-flags.ts';
import { servingFlags } from './serving-flags.ts';
import { cipherChoice } from './tls-names.ts';

/** Faults and warnings about combinations of flags. */
export interface CheckedFlags {
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

/** Checks for flags that exclude or require each other, and for a missing rules file. */
export function checkServeFlags(flags: ParsedFlags): CheckedFlags {
  return {
    faults: [
      ...missingRulesFile(flags),
      ...halfKeyPair(flags, servingFlags.certificateFile, servingFlags.keyFile),
      ...halfKeyPair(flags, prometheusFlags.clientCertificateFile, prometheusFlags.clientKeyFile),
      ...conflictingCredentials(flags),
      ...conflictingVerification(flags),
      ...maxAgeBelowInterval(flags),
      ...standaloneOnOpenAddress(flags),
      ...blankHeaderNames(flags),
      ...noCapacityForFrontProxy(flags),
    ],
    warnings: [
      ...tokenBesideCredentials(flags),
      ...unsentCredentials(flags),
      ...tlsFlagsWithoutTls(flags),
      ...clusterFlagsWithoutCluster(flags),
      ...frontProxyFlagsWithoutAuthority(flags),
      ...unavailableCipherSuites(flags),
      ...unknownArguments(flags),
    ],
  };
}

function missingRulesFile(flags: ParsedFlags): string[] {
  return flags.value(discoveryFlags.config) === ''
    ? ['--config is missing: expected the path of the rules file']
    : [];
}

function halfKeyPair(flags: ParsedFlags, certificate: Flag<string>, key: Flag<string>): string[] {
  const hasCertificate = flags.value(certificate) !== '';
  const hasKey = flags.value(key) !== '';
  if (hasCertificate === hasKey) {
    return [];
  }
  const [given, missing] = hasCertificate ? [certificate, key] : [key, certificate];
  return [`--${given.name} requires --${missing.name}: expected both or neither`];
}

function conflictingCredentials(flags: ParsedFlags): string[] {
  const { inCluster, kubeconfig } = prometheusFlags;
  return flags.value(inCluster) && flags.value(kubeconfig) !== ''
    ? [`--${inCluster.name} and --${kubeconfig.name} exclude each other: expected one of them`]
    : [];
}

function conflictingVerification(flags: ParsedFlags): string[] {
  const { insecureSkipVerify, caFile } = prometheusFlags;
  return flags.value(insecureSkipVerify) && flags.value(caFile) !== ''
    ? [`--${insecureSkipVerify.name} and --${caFile.name} exclude each other: expected one of them`]
    : [];
}

function maxAgeBelowInterval(flags: ParsedFlags): string[] {
  const { maxAge: maxAgeFlag, relistInterval } = discoveryFlags;
  const maxAge = flags.value(maxAgeFlag);
  const interval = flags.value(relistInterval);
  const isKnown = !flags.isFaulty(maxAgeFlag) && !flags.isFaulty(relistInterval);
  return isKnown && maxAge !== 0 && maxAge < interval
    ? [
        `--metrics-max-age=${formatGoDuration(maxAge)}: expected at least --metrics-relist-interval, which is ${formatGoDuration(interval)}`,
      ]
    : [];
}

function standaloneOnOpenAddress(flags: ParsedFlags): string[] {
  if (!flags.value(discoveryFlags.standalone)) {
    return [];
  }
  const { bindAddress } = servingFlags;
  const { kubeconfig } = kubernetesFlags;
  const address = flags.value(bindAddress);
  const isKnown = flags.isGiven(bindAddress) && !flags.isFaulty(bindAddress);
  const isOpen = isKnown && !isLoopback(address);
  return [
    ...(isOpen
      ? [
          `--bind-address=${address}: expected a loopback address such as 127.0.0.1, because --standalone serves without authentication`,
        ]
      : []),
    ...(flags.value(kubeconfig) === ''
      ? []
      : [`--standalone and --${kubeconfig.name} exclude each other: expected one of them`]),
  ];
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

function isLoopback(address: string): boolean {
  return LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** The flags that apply only with a certificate authority of the front proxy. */
const frontProxyFlags = [
  authenticationFlags.requestHeaderAllowedNames,
  authenticationFlags.requestHeaderUsernameHeaders,
  authenticationFlags.requestHeaderUidHeaders,
  authenticationFlags.requestHeaderGroupHeaders,
  authenticationFlags.requestHeaderExtraPrefixes,
];

function blankHeaderNames(flags: ParsedFlags): string[] {
  return frontProxyFlags
    .filter((list) => flags.value(list).some((name) => name.trim() === ''))
    .map((list) => `--${list.name} has an empty value: expected names separated by commas`);
}

function tokenBesideCredentials(flags: ParsedFlags): string[] {
  const { inCluster, kubeconfig, tokenFile } = prometheusFlags;
  const other = flags.value(inCluster) ? inCluster : kubeconfig;
  const hasOther = flags.value(inCluster) || flags.value(kubeconfig) !== '';
  return hasOther && flags.value(tokenFile) !== ''
    ? [`--${tokenFile.name} and --${other.name} are both given: the token in the file is used`]
    : [];
}

/** A request has one `Authorization` header. */
function unsentCredentials(flags: ParsedFlags): string[] {
  const { url, headers, tokenFile, inCluster, kubeconfig } = prometheusFlags;
  const isGiven = flags.value(headers).some(({ name }) => /^authorization$/i.test(name));
  const { username = '', password = '' } = URL.parse(flags.value(url)) ?? {};
  const sent = isGiven
    ? `an Authorization in --${headers.name}`
    : username + password !== '' && `a user in --${url.name}`;
  if (sent === false) {
    return [];
  }
  return [
    ...(flags.value(tokenFile) === '' ? [] : [tokenFile]),
    ...(flags.value(inCluster) ? [inCluster] : []),
    ...(flags.value(kubeconfig) === '' ? [] : [kubeconfig]),
  ].map(({ name }) => `the credentials of --${name} are not sent: ${sent} takes precedence`);
}

function tlsFlagsWithoutTls(flags: ParsedFlags): string[] {
  const { url, caFile, clientCertificateFile, insecureSkipVerify } = prometheusFlags;
  if (!/^http:/i.test(flags.value(url))) {
    return [];
  }
  return [caFile, clientCertificateFile, insecureSkipVerify]
    .filter((tlsFlag) => flags.isGiven(tlsFlag))
    .map(
      (tlsFlag) => `--${tlsFlag.name} has no effect: --${url.name} has the scheme http, not https`,
    );
}

function clusterFlagsWithoutCluster(flags: ParsedFlags): string[] {
  if (!flags.value(discoveryFlags.standalone)) {
    return [];
  }
  const clusterFlags = [kubernetesFlags, authenticationFlags, authorizationFlags];
  return clusterFlags
    .flatMap((section) => Object.values<Flag<unknown>>(section))
    .filter((each) => flags.isGiven(each))
    .map(
      ({ name }) => `--${name} has no effect: --standalone uses no cluster and no authentication`,
    );
}

/** Without the certificate authority, the headers of the cluster's settings apply. */
function frontProxyFlagsWithoutAuthority(flags: ParsedFlags): string[] {
  const { requestHeaderCaFile } = authenticationFlags;
  if (flags.value(discoveryFlags.standalone) || flags.value(requestHeaderCaFile) !== '') {
    return [];
  }
  return frontProxyFlags
    .filter((each) => flags.isGiven(each))
    .map(({ name }) => `--${name} has no effect without --${requestHeaderCaFile.name}`);
}

function unavailableCipherSuites(flags: ParsedFlags): string[] {
  const { unavailable } = cipherChoice(flags.value(servingFlags.cipherSuites));
  return unavailable.length === 0
    ? []
    : [
        `--${servingFlags.cipherSuites.name}: ${unavailable.join(', ')} ignored, because Node.js no longer has these cipher suites`,
      ];
}

function unknownArguments(flags: ParsedFlags): string[] {
  return flags.positionals.map(
    (text) =>
      `the argument ${JSON.stringify(text.slice(0, 200))} is ignored: expected flags of the form --name=value`,
  );
}

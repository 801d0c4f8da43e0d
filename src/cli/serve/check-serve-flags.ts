import { BlockList, isIPv6 } from 'node:net';
import { formatGoDuration } from '../../apimachinery/go-duration.ts';
import type { Flag } from '../flag.ts';
import type { ParsedFlags } from '../parse-flags.ts';
import { authenticationFlags, authorizationFlags } from './delegation-flags.ts';
import { discoveryFlags } from './discovery-flags.ts';
import { kubernetesFlags } from './kubernetes-flags.ts';
import { prometheusFlags } from './prometheus-flags.ts';
import { noPlacesLeft } from './request-places.ts';
import { servingFlags } from './serving-flags.ts';
import { cipherChoice } from './tls-names.ts';

/** What the flags of `serve` say together that none of them says alone. */
export interface CheckedFlags {
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

/** Looks for flags that contradict or need each other, and for a missing rules file. */
export function checkServeFlags(flags: ParsedFlags): CheckedFlags {
  return {
    faults: [
      ...missingRulesFile(flags),
      ...halfKeyPair(flags, servingFlags.certificateFile, servingFlags.keyFile),
      ...halfKeyPair(flags, prometheusFlags.clientCertificateFile, prometheusFlags.clientKeyFile),
      ...twoSourcesOfCredentials(flags),
      ...needlessVerification(flags),
      ...maxAgeBelowInterval(flags),
      ...standaloneInTheOpen(flags),
      ...blankHeaderNames(flags),
      ...noPlacesLeft(flags),
    ],
    warnings: [
      ...tokenBesideCredentials(flags),
      ...credentialsThatAreNotSent(flags),
      ...tlsFlagsWithoutTls(flags),
      ...clusterFlagsWithoutCluster(flags),
      ...frontProxyFlagsWithoutAuthority(flags),
      ...unavailableCipherSuites(flags),
      ...leftOverArguments(flags),
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
  return [`--${given.name} needs --${missing.name}: expected both or neither`];
}

function twoSourcesOfCredentials(flags: ParsedFlags): string[] {
  const { inCluster, kubeconfig } = prometheusFlags;
  return flags.value(inCluster) && flags.value(kubeconfig) !== ''
    ? [`--${inCluster.name} and --${kubeconfig.name} exclude each other: expected one of them`]
    : [];
}

function needlessVerification(flags: ParsedFlags): string[] {
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

function standaloneInTheOpen(flags: ParsedFlags): string[] {
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
          `--bind-address=${address}: expected a loopback address such as 127.0.0.1, for with --standalone nobody is authenticated`,
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

/** Those that say how the front proxy names users, once there is an authority for it. */
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
    ? [`--${tokenFile.name} and --${other.name} are both given: the token of the file is sent`]
    : [];
}

/** A request has room for one `Authorization`. */
function credentialsThatAreNotSent(flags: ParsedFlags): string[] {
  const { url, headers, tokenFile, inCluster, kubeconfig } = prometheusFlags;
  const isSaid = flags.value(headers).some(({ name }) => /^authorization$/i.test(name));
  const { username = '', password = '' } = URL.parse(flags.value(url)) ?? {};
  const sent = isSaid
    ? `an Authorization in --${headers.name}`
    : username + password !== '' && `a user in --${url.name}`;
  if (sent === false) {
    return [];
  }
  return [
    ...(flags.value(tokenFile) === '' ? [] : [tokenFile]),
    ...(flags.value(inCluster) ? [inCluster] : []),
    ...(flags.value(kubeconfig) === '' ? [] : [kubeconfig]),
  ].map(({ name }) => `the credentials of --${name} are not sent: ${sent} goes before`);
}

function tlsFlagsWithoutTls(flags: ParsedFlags): string[] {
  const { url, caFile, clientCertificateFile, insecureSkipVerify } = prometheusFlags;
  if (!/^http:/i.test(flags.value(url))) {
    return [];
  }
  return [caFile, clientCertificateFile, insecureSkipVerify]
    .filter((tlsFlag) => flags.isGiven(tlsFlag))
    .map((tlsFlag) => `--${tlsFlag.name} has no effect: --${url.name} begins with http, not https`);
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
      ({ name }) =>
        `--${name} has no effect: with --standalone nobody is authenticated and no cluster is asked`,
    );
}

/** The cluster's own headers count then: that others were meant would go unnoticed. */
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
        `--${servingFlags.cipherSuites.name}: ${unavailable.join(', ')} left out, for Node.js has no such cipher suite any more`,
      ];
}

function leftOverArguments(flags: ParsedFlags): string[] {
  return flags.positionals.map(
    (text) =>
      `the argument ${JSON.stringify(text.slice(0, 200))} is ignored: flags are written --name=value`,
  );
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseServeFlags, type ServeCommandLine } from './parse-serve-flags.ts';
import { SERVE_FLAGS } from './serve-flags.ts';
import type { ServeOptions } from './serve-options.ts';

const CONFIG = '--config=/etc/adapter/config.yaml';

function served(...argv: string[]): { options: ServeOptions; warnings: readonly string[] } {
  const line = parseServeFlags([CONFIG, ...argv]);
  if (line.action !== 'serve') {
    throw new Error(`not served: ${JSON.stringify(line)}`);
  }
  return line;
}

function faults(line: ServeCommandLine): readonly string[] {
  return line.action === 'reject' ? line.faults : [];
}

describe('the flags of serve', () => {
  it('have unique names and shorthands, with dashes', () => {
    const names = SERVE_FLAGS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z][a-z0-9-]*$/.test(name))).toEqual([]);
    const shorthands = SERVE_FLAGS.flatMap(({ shorthand }) => shorthand ?? []);
    expect(shorthands.toSorted()).toEqual(['h', 'v']);
  });

  it('have a reason for each flag without effect', () => {
    const silent = SERVE_FLAGS.filter(({ effect, note }) => effect !== 'used' && !note);
    expect(silent).toEqual([]);
  });

  // adapter --help of prometheus-adapter v0.12.
  it.each([
    ...['url', 'verb', 'header', 'auth-incluster', 'auth-config', 'ca-file', 'token-file'].map(
      (name) => `prometheus-${name}`,
    ),
    ...['cert', 'key'].map((name) => `prometheus-client-tls-${name}-file`),
    ...['config', 'metrics-relist-interval', 'metrics-max-age'],
    ...['lister-kubeconfig', 'discovery-interval', 'client-qps', 'client-burst'],
    ...['bind-address', 'secure-port', 'cert-dir', 'tls-cert-file', 'tls-private-key-file'],
    ...['tls-cipher-suites', 'tls-min-version', 'tls-sni-cert-key'],
    ...['http2-max-streams-per-connection', 'permit-port-sharing', 'permit-address-sharing'],
    ...['authentication-kubeconfig', 'authentication-skip-lookup'],
    ...['authentication-tolerate-lookup-failure', 'authentication-token-webhook-cache-ttl'],
    ...['client-ca-file', 'requestheader-client-ca-file', 'requestheader-allowed-names'],
    ...['requestheader-username-headers', 'requestheader-group-headers'],
    ...['requestheader-extra-headers-prefix', 'authorization-kubeconfig'],
    ...['authorization-always-allow-paths', 'authorization-webhook-cache-authorized-ttl'],
    ...['authorization-webhook-cache-unauthorized-ttl'],
    ...['audit-policy-file', 'audit-log-path', 'audit-log-maxage', 'audit-log-maxbackup'],
    ...['audit-log-maxsize', 'audit-log-format', 'audit-log-compress', 'audit-log-version'],
    ...['audit-webhook-config-file', 'audit-webhook-initial-backoff', 'audit-webhook-version'],
    ...['log', 'webhook'].flatMap((backend) =>
      [
        ...['mode', 'batch-buffer-size', 'batch-max-size', 'batch-max-wait'],
        ...['batch-throttle-enable', 'batch-throttle-qps', 'batch-throttle-burst'],
        ...['truncate-enabled', 'truncate-max-batch-size', 'truncate-max-event-size'],
      ].map((name) => `audit-${backend}-${name}`),
    ),
    ...['profiling', 'contention-profiling', 'debug-socket-path', 'enable-priority-and-fairness'],
    ...['v', 'vmodule', 'log-flush-frequency', 'help'],
  ])('have --%s', (name) => {
    expect(SERVE_FLAGS.map((flag) => flag.name)).toContain(name);
  });

  it('parse every default text to the default', () => {
    for (const flag of SERVE_FLAGS.filter(({ defaultText }) => defaultText !== '')) {
      const text = flag.defaultText.replace(/^"(.*)"$/, '$1');
      expect({ [flag.name]: flag.read([text]) }).toEqual({ [flag.name]: flag.defaultValue });
    }
  });
});

describe('parseServeFlags', () => {
  it('has the defaults of prometheus-adapter', () => {
    expect(served()).toEqual({
      action: 'serve',
      warnings: [],
      options: {
        configFile: '/etc/adapter/config.yaml',
        configPollIntervalMs: 60_000,
        checkPromql: true,
        standalone: false,
        prometheus: {
          url: 'https://localhost',
          verb: 'GET',
          headers: [],
          credentials: { from: 'nowhere' },
          tokenFile: undefined,
          caFile: undefined,
          clientCertificateFile: undefined,
          clientKeyFile: undefined,
          insecureSkipVerify: false,
          timeoutMs: 30_000,
          connectTimeoutMs: 750,
          stallTimeoutMs: 600,
          maxConcurrency: 20,
          maxQueued: 1_000,
          queryMaxAgeMs: 1_000,
          maxAnswerSize: 134_217_728,
          partialAnswers: 'discovery',
          maxAnswerMemory: undefined,
        },
        relist: { intervalMs: 600_000, maxAgeMs: 600_000, concurrency: 4, discovery: 'auto' },
        kubernetes: {
          kubeconfigFile: undefined,
          discoveryIntervalMs: 600_000,
          maxIndexedObjects: 200_000,
          qps: 0,
          burst: 10,
        },
        serving: {
          bindAddress: '0.0.0.0',
          port: 443,
          certificateDirectory: 'apiserver.local.config/certificates',
          certificateFile: undefined,
          keyFile: undefined,
          sniCertificates: [],
          minTlsVersion: 'TLSv1.2',
          ciphers: [],
          reusePort: false,
          http2: { maxStreams: 250 },
          poolSizes: { all: 400, frontProxy: 280, authenticated: 80, unproven: 40 },
          connections: {
            maxConnections: 500,
            maxConnectionsPerAddress: 100,
            maxUnsentBytes: 32 * 2 ** 20,
          },
          requestTimeoutMs: 60_000,
          shutdownDelayMs: 5_000,
        },
        authentication: {
          kubeconfigFile: undefined,
          skipLookup: false,
          tolerateLookupFailure: false,
          tokenCacheTtlMs: 10_000,
          maxReviewsInFlight: 32,
          maxReviewsQueued: 400,
          clientCaFile: undefined,
          requestHeader: {
            clientCaFile: undefined,
            allowedNames: [],
            usernameHeaders: ['x-remote-user'],
            uidHeaders: [],
            groupHeaders: ['x-remote-group'],
            extraHeaderPrefixes: ['x-remote-extra-'],
          },
        },
        authorization: {
          kubeconfigFile: undefined,
          alwaysAllowPaths: ['/healthz', '/readyz', '/livez'],
          authorizedTtlMs: 10_000,
          unauthorizedTtlMs: 10_000,
        },
        logging: { verbosity: 0, format: 'text' },
      },
    });
  });

  it('accepts the arguments of the helm chart', () => {
    const { options, warnings } = served(
      '--secure-port=6443',
      '--cert-dir=/tmp/cert',
      '--logtostderr=true',
      '--prometheus-url=http://prometheus.default.svc:9090/prefix?tenant=a',
      '--metrics-relist-interval=1m',
      '--v=4',
    );
    expect(options.serving).toMatchObject({ port: 6443, certificateDirectory: '/tmp/cert' });
    expect(options.prometheus.url).toBe('http://prometheus.default.svc:9090/prefix?tenant=a');
    expect(options.relist).toMatchObject({ intervalMs: 60_000, maxAgeMs: 60_000, concurrency: 4 });
    expect(options.logging.verbosity).toBe(4);
    expect(warnings).toEqual([expect.stringContaining('--logtostderr has no effect here')]);
  });

  it('uses every flag that is not ignored', () => {
    const changes: Readonly<Record<string, string[]>> = {
      'tls-cert-file': ['--tls-cert-file=c', '--tls-private-key-file=k'],
      'tls-private-key-file': ['--tls-cert-file=c', '--tls-private-key-file=k2'],
      'prometheus-client-tls-cert-file': [
        '--prometheus-client-tls-cert-file=c',
        '--prometheus-client-tls-key-file=k',
      ],
      'prometheus-client-tls-key-file': [
        '--prometheus-client-tls-cert-file=c',
        '--prometheus-client-tls-key-file=k2',
      ],
      'prometheus-url': ['--prometheus-url=http://p'],
      'prometheus-verb': ['--prometheus-verb=POST'],
      'prometheus-header': ['--prometheus-header=A=b'],
      'prometheus-partial-answers': ['--prometheus-partial-answers=accept'],
      'prometheus-max-answer-size': ['--prometheus-max-answer-size=1Ki'],
      'max-unsent-bytes': ['--max-unsent-bytes=1Mi'],
      'metrics-max-age': ['--metrics-max-age=20m'],
      discovery: ['--discovery=series'],
      'bind-address': ['--bind-address=::1'],
      'tls-sni-cert-key': ['--tls-sni-cert-key=c,k:a.example'],
      'tls-min-version': ['--tls-min-version=VersionTLS13'],
      'tls-cipher-suites': ['--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
      'logging-format': ['--logging-format=json'],
      'check-promql': ['--check-promql=false'],
    };
    const byKind: Readonly<Record<string, string>> = {
      bool: 'true',
      int: '7',
      level: '7',
      duration: '7m',
      float: '7.5',
      bytes: '7Mi',
    };
    const unchanged = SERVE_FLAGS.filter(
      ({ name, effect }) => effect !== 'ignored' && !['help', 'version'].includes(name),
    ).filter(({ name, kind }) => {
      const argv = changes[name] ?? [`--${name}=${byKind[kind] ?? 'other'}`];
      return JSON.stringify(served(...argv).options) === JSON.stringify(served().options);
    });
    expect(unchanged.map(({ name }) => name)).toEqual([]);
  });

  it('warns about every flag without effect, and about no other', () => {
    for (const flag of SERVE_FLAGS.filter(({ effect }) => effect !== 'used')) {
      const text = { bool: 'true', int: '1', float: '1', duration: '1s' }[flag.kind];
      const sample = flag.kind.includes('=') ? 'a=1' : (text ?? flag.kind.split('|')[0] ?? 'x');
      expect(served(`--${flag.name}=${sample}`).warnings).toContainEqual(
        expect.stringMatching(`^--${flag.name} has no effect`),
      );
    }
    expect(served('--v=1', '--metrics-max-age=1h').warnings).toEqual([]);
  });

  it('parses values with a special syntax', () => {
    const { options } = served(
      '--prometheus-header=X-Scope-OrgID=team=a',
      '--prometheus-header=X-Empty',
      '--tls-sni-cert-key=/a.crt,/a.key',
      '--tls-sni-cert-key=/b.crt,/b.key:*.b.example,10.0.0.1',
      '--tls-cipher-suites=TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      '--tls-cipher-suites=TLS_RSA_WITH_AES_128_CBC_SHA',
      '--tls-min-version=VersionTLS13',
      '--prometheus-max-answer-size=2Gi',
    );
    expect(options.prometheus.headers).toEqual([
      { name: 'X-Scope-OrgID', value: 'team=a' },
      { name: 'X-Empty', value: '' },
    ]);
    expect(options.serving.sniCertificates).toEqual([
      { certificateFile: '/a.crt', keyFile: '/a.key', names: [] },
      { certificateFile: '/b.crt', keyFile: '/b.key', names: ['*.b.example', '10.0.0.1'] },
    ]);
    expect(options.serving.ciphers).toEqual([
      'TLS_AES_128_GCM_SHA256',
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
      'ECDHE-RSA-AES128-GCM-SHA256',
      'AES128-SHA',
    ]);
    expect(options.serving.minTlsVersion).toBe('TLSv1.3');
    expect(options.prometheus.maxAnswerSize).toBe(2 ** 31);
  });

  it.each<[string[], string]>([
    [['--prometheus-url=localhost:9090'], '--prometheus-url="localhost:9090": expected a URL'],
    [['--prometheus-url=prometheus'], '--prometheus-url="prometheus": expected a URL'],
    [['--prometheus-url='], '--prometheus-url="": expected a URL'],
    [['--prometheus-url=ftp://host'], '--prometheus-url="ftp://host": expected a URL'],
    [['--prometheus-url=http:///path'], '--prometheus-url="http:///path": expected a URL'],
    [['--prometheus-url=http:host'], '--prometheus-url="http:host": expected a URL'],
    [
      ['--prometheus-url=http://u:p/w@h:x'],
      '--prometheus-url="http://…@h:x": expected a URL with http:// or https:// and a host',
    ],
    [['--prometheus-verb=PUT'], '--prometheus-verb="PUT": expected GET or POST'],
    [['--prometheus-header=a b=s3cret'], '--prometheus-header="a b=…": expected Name=value'],
    [['--prometheus-header=A=x\ny'], '--prometheus-header="A=…": expected Name=value'],
    [['--prometheus-max-answer-size=0'], 'expected a number of bytes above 0'],
    [['--secure-port=-1'], '--secure-port="-1": expected an integer from 0 to 65535'],
    [['--metrics-relist-interval=0s'], 'expected a duration of at least 1ms'],
    [['--metrics-relist-interval=600h'], 'expected a duration of at most 596h31m23.647s'],
    [['--tls-cert-file=a'], '--tls-cert-file requires --tls-private-key-file'],
    [['--tls-private-key-file=a'], '--tls-private-key-file requires --tls-cert-file'],
    [
      ['--prometheus-client-tls-key-file=a'],
      '--prometheus-client-tls-key-file requires --prometheus-client-tls-cert-file',
    ],
    [
      ['--prometheus-auth-incluster', '--prometheus-auth-config=a'],
      '--prometheus-auth-incluster and --prometheus-auth-config exclude each other',
    ],
    [
      ['--prometheus-insecure-skip-verify', '--prometheus-ca-file=a'],
      '--prometheus-insecure-skip-verify and --prometheus-ca-file exclude each other',
    ],
    [
      ['--metrics-max-age=5m'],
      '--metrics-max-age=5m0s: expected at least --metrics-relist-interval, which is 10m0s',
    ],
    [['--standalone', '--bind-address=0.0.0.0'], '--bind-address=0.0.0.0: expected a loopback'],
    [['--standalone', '--bind-address=::'], '--bind-address=::: expected a loopback'],
    [
      ['--standalone', '--lister-kubeconfig=k'],
      '--standalone and --lister-kubeconfig exclude each other',
    ],
    [['--requestheader-allowed-names=a, '], '--requestheader-allowed-names has an empty value'],
    [['--tls-sni-cert-key=a'], '--tls-sni-cert-key="a": expected two files'],
    [['--tls-sni-cert-key=a,b:'], '--tls-sni-cert-key="a,b:": expected two files'],
    [
      ['--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA25'],
      'is unknown (did you mean TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256?)',
    ],
    [['--promtheus-url=x'], 'unknown flag --promtheus-url (did you mean --prometheus-url?)'],
    [['-c', 'x'], 'unknown flag -c'],
  ])('rejects %j', (argv, fault) => {
    const found = faults(parseServeFlags([CONFIG, ...argv]));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(fault);
  });

  it('requires a rules file', () => {
    expect(faults(parseServeFlags([]))).toEqual([
      '--config is missing: expected the path of the rules file',
    ]);
  });

  it('reports all faults at once', () => {
    expect(faults(parseServeFlags(['--secure-port=x', '--tls-cert-file=a', '--nope']))).toEqual([
      'unknown flag --nope',
      '--secure-port="x": expected an integer from 0 to 65535',
      '--config is missing: expected the path of the rules file',
      '--tls-cert-file requires --tls-private-key-file: expected both or neither',
    ]);
  });

  it('does not compare a value with an invalid one', () => {
    const argv = [CONFIG, '--metrics-relist-interval=soon', '--metrics-max-age=1m'];
    expect(faults(parseServeFlags(argv))).toHaveLength(1);
    expect(faults(parseServeFlags([CONFIG, '--standalone', '--bind-address=x']))).toHaveLength(1);
  });

  it('serves on the loopback interface and an unprivileged port with --standalone', () => {
    expect(served('--standalone').options.serving).toMatchObject({
      bindAddress: '127.0.0.1',
      port: 6443,
    });
    const { serving } = served('--standalone', '--bind-address=::1', '--secure-port=0').options;
    expect(serving).toMatchObject({ bindAddress: '::1', port: 0 });
  });

  it('keeps the certificate in memory with --standalone, unless a directory is given', () => {
    const directoryWith = (...argv: string[]) =>
      served('--standalone', ...argv).options.serving.certificateDirectory;
    expect(directoryWith()).toBeUndefined();
    expect(directoryWith('--cert-dir=certificates')).toBe('certificates');
  });

  it.each<[string[], string]>([
    [
      ['--prometheus-auth-incluster', '--prometheus-token-file=t'],
      '--prometheus-token-file and --prometheus-auth-incluster are both given: the token in the file',
    ],
    [
      ['--prometheus-url=https://u:s3cret@p', '--prometheus-token-file=t'],
      'the credentials of --prometheus-token-file are not sent: a user in --prometheus-url takes precedence',
    ],
    [
      ['--prometheus-header=authorization=Basic abc', '--prometheus-auth-config=k'],
      'the credentials of --prometheus-auth-config are not sent: an Authorization in --prometheus-header takes precedence',
    ],
    [
      ['--prometheus-url=http://p', '--prometheus-ca-file=ca'],
      '--prometheus-ca-file has no effect: --prometheus-url has the scheme http, not https',
    ],
    [
      ['--tls-cipher-suites=TLS_RSA_WITH_RC4_128_SHA'],
      '--tls-cipher-suites: TLS_RSA_WITH_RC4_128_SHA ignored',
    ],
    [
      ['--standalone', '--client-ca-file=ca'],
      '--client-ca-file has no effect: --standalone uses no cluster',
    ],
    [
      ['--standalone', '--authorization-always-allow-paths=/'],
      '--authorization-always-allow-paths has no effect: --standalone uses no cluster',
    ],
    [
      ['--standalone', '--client-qps=5'],
      '--client-qps has no effect: --standalone uses no cluster',
    ],
    [
      ['--standalone', '--requestheader-allowed-names=a'],
      '--requestheader-allowed-names has no effect: --standalone uses no cluster',
    ],
    [
      ['--requestheader-allowed-names=a'],
      '--requestheader-allowed-names has no effect without --requestheader-client-ca-file',
    ],
    [['/adapter'], 'the argument "/adapter" is ignored: expected flags of the form --name=value'],
  ])('warns about %j', (argv, warning) => {
    expect(served(...argv).warnings).toEqual([expect.stringContaining(warning)]);
  });

  it('selects the credentials for Prometheus', () => {
    const credentials = (...argv: string[]) => served(...argv).options.prometheus.credentials;
    expect(credentials('--prometheus-auth-incluster')).toEqual({ from: 'service account' });
    expect(credentials('--prometheus-auth-config=k')).toEqual({ from: 'kubeconfig', file: 'k' });
  });

  it('prints the help and the version with any other flags', () => {
    expect(parseServeFlags(['--secure-port=x', '-h'])).toEqual({ action: 'help' });
    expect(parseServeFlags(['--help', '--version'])).toEqual({ action: 'help' });
    expect(parseServeFlags(['--nope', '--version'])).toEqual({ action: 'version' });
  });

  it('never throws, for any arguments', () => {
    const name = fc.constantFrom(...SERVE_FLAGS.map((flag) => flag.name));
    const argument = fc.oneof(
      fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
      fc.tuple(name, fc.string()).map(([flag, text]) => `--${flag}=${text}`),
      name.map((flag) => `--${flag}`),
    );
    fc.assert(
      fc.property(fc.array(argument), (argv) => {
        const line = parseServeFlags(argv);
        expect(['help', 'version', 'reject', 'serve']).toContain(line.action);
        expect(line.action === 'reject' && line.faults.length === 0).toBe(false);
      }),
    );
  });
});

import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { unpackAptPackage } from './apt-package.ts';
import { downloadAptSource } from './apt-source.ts';
import { runCommand } from './command.ts';

const IMPORT_PATH = 'k8s.io/kubernetes';
const GO_VERSION = '1.19';
const GO_PACKAGES = [`golang-${GO_VERSION}-go`, `golang-${GO_VERSION}-src`];
const REFLECT2_PACKAGE = 'golang-github-modern-go-reflect2-dev';
const OPENAPI_PACKAGE = 'pkg/generated/openapi';
/** Tools with markers of their own that are no part of the API server. */
const NOT_IN_OPENAPI = /\/(code-generator|sample-apiserver|kube-openapi|gengo)(\/|$)/;

/** Where the version is kept: for `--version` and for `/version`. */
const VERSION_PACKAGES = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
const WITHOUT_CLOUD_PROVIDERS = 'providerless';

/** The programs that are built, each from `cmd/<name>`. */
const PROGRAMS = ['kube-apiserver', 'kube-controller-manager'] as const;

interface GoWorkspace {
  /** The root of the sources of Kubernetes. */
  readonly source: string;
  /** Runs the go command with the source as the only workspace. */
  go(...args: readonly string[]): Promise<string>;
  /** Runs any program of the workspace in its environment. */
  run(program: string, args: readonly string[]): Promise<string>;
}

/**
 * Builds kube-apiserver and kube-controller-manager from Debian's source package of Kubernetes with
 * Debian's Go. Takes minutes and about 3 GB of disk meanwhile.
 *
 * @param directory where the two programs are put; all else is made in `build` under it and removed
 * @param say gets the name of each step at its start
 * @returns the version that was built, e.g. `1.20.2`
 * @throws Error with the failed command's last words
 */
export async function buildKubernetes(
  directory: string,
  say: (step: string) => void,
): Promise<string> {
  const scratch = join(directory, 'build');
  await mkdir(scratch);
  say('fetching the sources of Kubernetes and a Go compiler');
  const { source, version } = await fetchSource(scratch);
  const workspace = await openWorkspace(scratch, source);
  await replaceReflect2(scratch, source);
  say('generating the OpenAPI definitions');
  await generateOpenapi(scratch, workspace);
  for (const program of PROGRAMS) {
    say(`compiling ${program} ${version}`);
    await compile(program, version, directory, workspace);
  }
  await rm(scratch, { recursive: true });
  return version;
}

async function fetchSource(scratch: string): Promise<{ source: string; version: string }> {
  const packages = join(scratch, 'apt');
  await mkdir(packages);
  const archive = await downloadAptSource('kubernetes', packages);
  const unpacked = join(scratch, 'unpacked');
  await mkdir(unpacked);
  await runCommand('tar', ['--extract', '--file', archive, '--directory', unpacked]);
  const [root = ''] = await readdir(unpacked);
  const version = /^kubernetes-(\d+\.\d+\.\d+)$/.exec(root)?.[1];
  if (version === undefined) {
    throw new Error(`${archive}: expected one folder kubernetes-<version> in it, found "${root}"`);
  }
  return { source: join(unpacked, root), version };
}

/** A Go compiler, and the workspace that old versions of Go require: `$GOPATH/src/<import path>`. */
async function openWorkspace(scratch: string, source: string): Promise<GoWorkspace> {
  const toolchain = join(scratch, 'toolchain');
  await mkdir(toolchain);
  for (const name of GO_PACKAGES) {
    await unpackAptPackage(name, toolchain);
  }
  const goroot = join(toolchain, 'usr/lib', `go-${GO_VERSION}`);
  const gopath = join(scratch, 'gopath');
  const root = join(gopath, 'src', IMPORT_PATH);
  await mkdir(join(root, '..'), { recursive: true });
  await symlink(source, root);
  const env = {
    ...process.env,
    // The directory's name as Go is to see it: through the link.
    PWD: root,
    GOROOT: goroot,
    GOPATH: gopath,
    GOCACHE: join(scratch, 'go-cache'),
    GOENV: 'off',
    GOFLAGS: '',
    GO111MODULE: 'off',
    CGO_ENABLED: '0',
  };
  const run = (program: string, args: readonly string[]) =>
    runCommand(program, args, { cwd: root, env });
  return { source, run, go: (...args) => run(join(goroot, 'bin/go'), args) };
}

/** The vendored reflect2 crashes when compiled with Go 1.18 or later. */
async function replaceReflect2(scratch: string, source: string): Promise<void> {
  const unpacked = join(scratch, 'reflect2');
  await mkdir(unpacked);
  await unpackAptPackage(REFLECT2_PACKAGE, unpacked);
  const vendored = join(source, 'vendor/github.com/modern-go/reflect2');
  await rm(vendored, { recursive: true });
  await cp(join(unpacked, 'usr/share/gocode/src/github.com/modern-go/reflect2'), vendored, {
    recursive: true,
  });
}

/** Makes the one generated file that the source archive lacks. */
async function generateOpenapi(scratch: string, workspace: GoWorkspace): Promise<void> {
  const generator = join(scratch, 'openapi-gen');
  const command = `${IMPORT_PATH}/vendor/k8s.io/kube-openapi/cmd/openapi-gen`;
  await workspace.go('build', '-o', generator, command);
  const header = join(scratch, 'header.txt');
  await writeFile(header, '');
  const inputs = await packagesWithOpenapi(workspace.source);
  await workspace.run(generator, [
    '--output-file-base=zz_generated.openapi',
    `--output-base=${join(scratch, 'gopath/src')}`,
    `--output-package=${IMPORT_PATH}/${OPENAPI_PACKAGE}`,
    `--go-header-file=${header}`,
    `--report-filename=${join(scratch, 'violations.txt')}`,
    `--input-dirs=${inputs.join(',')}`,
  ]);
}

/** The import paths of all packages with a marker for openapi-gen. */
async function packagesWithOpenapi(source: string): Promise<readonly string[]> {
  const own = await packagesUnder(source, join(source, 'pkg'));
  const staged = await packagesUnder(
    join(source, 'staging/src'),
    join(source, 'staging/src/k8s.io'),
  );
  return [
    ...own.map((name) => `${IMPORT_PATH}/${name}`),
    ...staged.map((name) => `${IMPORT_PATH}/vendor/${name}`),
  ];
}

async function packagesUnder(base: string, folder: string): Promise<readonly string[]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = new Set<string>();
  for (const file of files) {
    const name = relative(base, file.parentPath);
    if (file.isFile() && file.name.endsWith('.go') && !NOT_IN_OPENAPI.test(`/${name}`)) {
      const text = await readFile(join(file.parentPath, file.name), 'utf8');
      if (/^\s*\/\/ *\+k8s:openapi-gen=/m.test(text)) {
        found.add(name);
      }
    }
  }
  return [...found].sort();
}

async function compile(
  program: string,
  version: string,
  directory: string,
  workspace: GoWorkspace,
): Promise<void> {
  const [major, minor] = version.split('.');
  const variables = Object.entries({
    gitVersion: `v${version}`,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'archive',
  });
  const stamps = VERSION_PACKAGES.flatMap((stamped) =>
    variables.map(([name, value]) => `-X ${IMPORT_PATH}/vendor/${stamped}.${name}=${value}`),
  );
  await workspace.go(
    'build',
    '-tags',
    WITHOUT_CLOUD_PROVIDERS,
    '-ldflags',
    ['-s', '-w', ...stamps].join(' '),
    '-o',
    join(directory, program),
    `${IMPORT_PATH}/cmd/${program}`,
  );
}

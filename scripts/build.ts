// Builds the production bundle: dist/main.js and the chunks that it loads on demand.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { build, type Metafile, type OutputFile, type Plugin } from 'esbuild';

const root = path.join(import.meta.dirname, '..');

/**
 * Modules that a package loads as soon as it is loaded itself, and that this program never calls: a
 * third of the bundle, and of the memory that code takes. By the end of their path: the functions and
 * classes that take their place, which throw an error if they are called.
 */
const neverCalled: Readonly<Record<string, readonly string[]>> = {
  // express: the bodies of requests are discarded.
  'body-parser/index.js': ['json', 'raw', 'text', 'urlencoded'],
  // axios: it uses the adapter for node:http. This one loads the client of fetch.
  'axios/lib/adapters/fetch.js': ['getFetch'],
  // prom-client: it looks for traces only for exemplars, which no metric here has.
  '@opentelemetry/api/dist/index.cjs': ['context', 'trace'],
  // @kubernetes/client-node: only its credentials are used; axios sends the requests.
  'undici/index.js': ['Agent', 'ProxyAgent', 'fetch'],
  '@kubernetes/client-node/dist/gen/index.js': ['createConfiguration', 'ServerConfiguration'],
};

const leaveOut: Plugin = {
  name: 'leave out what is never called',
  setup(building) {
    for (const [module, names] of Object.entries(neverCalled)) {
      const filter = new RegExp(`/node_modules/${module.replaceAll('.', '\\.')}$`);
      building.onLoad({ filter }, () => ({
        contents: names
          .map((name) => {
            const message = JSON.stringify(`${name} of ${module} is not in this bundle`);
            return `export const ${name} = function () { throw new Error(${message}); };`;
          })
          .join('\n'),
      }));
    }
  },
};

/** The MIME types by file extension, which express needs to serve files; this program serves none. */
const withoutFileTypes: Plugin = {
  name: 'mime-types without its list',
  setup(building) {
    building.onLoad({ filter: /\/node_modules\/mime-db\/index\.js$/ }, () => ({
      contents: 'module.exports = {};',
    }));
  },
};

/** axios reads the FormData of fetch when it is loaded, which loads all of fetch. */
const axiosWithoutFormData: Plugin = {
  name: 'axios without FormData',
  setup(building) {
    building.onLoad(
      { filter: /\/node_modules\/axios\/lib\/utils\.js$/ },
      async ({ path: file }) => {
        const text = await readFile(file, 'utf8');
        const lookUp = "typeof G.FormData !== 'undefined' ? G.FormData : undefined";
        if (!text.includes(lookUp))
          throw new Error(`${file} is not as expected: see scripts/build.ts`);
        return { contents: text.replace(lookUp, 'undefined') };
      },
    );
  },
};

/**
 * An `import` of node:http makes all of its exports, and so loads the client of fetch and WebSocket,
 * 13 MB of memory that this program never uses. Imported like this, they load when they are used.
 */
const httpWithoutFetch: Plugin = {
  name: 'node:http without fetch',
  setup(building) {
    building.onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
      kind === 'require-call' ? undefined : { path: 'node:http', namespace: 'builtin' },
    );
    building.onLoad({ filter: /.*/, namespace: 'builtin' }, () => ({
      contents: `const http = process.getBuiltinModule('node:http');
export default http;
export const { ${eagerExports(http).join(', ')} } = http;`,
    }));
  },
};

/** The exports that exist already, without those that a getter creates. */
function eagerExports(module: object): readonly string[] {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(module));
  return properties.filter(([, { get }]) => get === undefined).map(([name]) => name);
}

const dist = path.join(root, 'dist');
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(130));
}

const result = await build({
  entryPoints: [
    { in: path.join(root, 'src/main.ts'), out: 'main' },
    { in: path.join(root, 'src/sources/file/rules-worker.ts'), out: 'rules-worker' },
  ],
  outdir: dist,
  write: false,
  bundle: true,
  platform: 'node',
  target: 'node22.19',
  format: 'esm',
  // Modules that only some commands need (the client of the Kubernetes API) load on demand.
  splitting: true,
  plugins: [leaveOut, withoutFileTypes, axiosWithoutFormData, httpWithoutFetch],
  minifySyntax: true,
  // The source of a module stays in memory. Names are kept, for stack traces.
  minifyWhitespace: true,
  lineLimit: 120,
  sourcemap: 'linked',
  legalComments: 'linked',
  metafile: true,
  // CommonJS packages in the bundle load Node's own modules with require().
  banner: {
    js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);",
  },
});

writeWhole(result.outputFiles);
for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
  if (file.endsWith('.js')) console.log(`${file}: ${kib(bytes)}`);
}
if (process.argv.includes('--packages')) {
  for (const [name, bytes] of bytesByPackage(result.metafile))
    console.log(`${name}: ${kib(bytes)}`);
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`;
}

/** What each package adds to the bundle, the largest first; `src` is the code of this project. */
function bytesByPackage({ outputs }: Metafile): readonly (readonly [string, number])[] {
  const sizes = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const name =
        /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file.split('/')[0] ?? file;
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...sizes].toSorted(([, a], [, b]) => b - a);
}

/**
 * Replaces dist/ as a whole, so that a build that fails or is interrupted leaves no incomplete bundle. It is
 * synchronous: signals are handled afterwards.
 */
function writeWhole(files: readonly OutputFile[]): void {
  const scratch = `${dist}.${process.pid}`;
  mkdirSync(scratch);
  for (const file of files)
    writeFileSync(path.join(scratch, path.basename(file.path)), file.contents);
  rmSync(dist, { recursive: true, force: true });
  renameSync(scratch, dist);
}

// Makes the production bundle: dist/main.js and the parts that it loads when they are needed.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = path.join(import.meta.dirname, '..');

/**
 * Modules that a package loads as soon as it is loaded itself, and that this program never calls: a
 * third of the bundle, and of the memory that code takes. By the end of their path: the functions and
 * classes that take their place, which say so where they are called after all.
 */
const neverCalled: Readonly<Record<string, readonly string[]>> = {
  // express: no request here has a body that is looked at.
  'body-parser/index.js': ['json', 'raw', 'text', 'urlencoded'],
  // @kubernetes/client-node: its credentials are used; requests are made by axios.
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

await rm(path.join(root, 'dist'), { recursive: true, force: true });
const result = await build({
  entryPoints: [path.join(root, 'src/main.ts')],
  outdir: path.join(root, 'dist'),
  bundle: true,
  platform: 'node',
  target: 'node22.19',
  format: 'esm',
  // What only some ways of running need (the client of the Kubernetes API) is loaded only then.
  splitting: true,
  plugins: [leaveOut],
  minifySyntax: true,
  // The source of a module stays in memory. Names stay, for stack traces.
  minifyWhitespace: true,
  lineLimit: 120,
  sourcemap: 'linked',
  legalComments: 'linked',
  metafile: true,
  // CommonJS packages in the bundle still ask for Node's own modules with require().
  banner: {
    js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);",
  },
});

for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
  if (file.endsWith('.js')) console.log(`${file}: ${(bytes / 1024).toFixed(0)} KiB`);
}

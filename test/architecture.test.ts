import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '..');

/** What each room may import of the others. See docs/architecture.md. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  apimachinery: ['text'],
  async: [],
  files: [],
  memory: [],
  text: [],
  'http-client': [],
  gotemplate: ['async', 'text'],
  promql: ['text'],
  rules: ['gotemplate', 'promql', 'apimachinery', 'async', 'text'],
  sources: ['rules', 'kubernetes', 'apimachinery', 'async', 'files', 'text'],
  prometheus: ['rules', 'async', 'files', 'http-client', 'memory'],
  catalog: ['prometheus', 'rules', 'apimachinery', 'async'],
  metrics: ['catalog', 'prometheus', 'rules', 'promql', 'apimachinery', 'async', 'text'],
  apiserver: ['apimachinery', 'async', 'memory', 'text'],
  apis: ['apiserver', 'metrics', 'catalog', 'apimachinery', 'text'],
  kubernetes: ['apimachinery', 'async', 'http-client'],
  cli: ['apimachinery', 'text'],
  telemetry: ['async'],
};

/** Rooms that are functions of their arguments, and the only packages that they may use. */
const pureRooms: Readonly<Record<string, readonly string[]>> = {
  apimachinery: [],
  gotemplate: ['re2js'],
  promql: ['@prometheus-io/lezer-promql', '@lezer/common', 're2js'],
  rules: ['re2js'],
  text: ['fastest-levenshtein', 'lru-cache'],
};

/** What of `async/` a pure room may import: the others need a clock. */
const PURE_ASYNC = 'async/steps.ts';

interface Import {
  readonly file: string;
  readonly room: string;
  readonly target: string;
}

function sourceFiles(): readonly string[] {
  return readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(path.join(root, 'src', file), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\b[^'";]*?from\s+'([^']+)'/gm);
  const dynamic = text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g);
  const room = file.split(path.sep)[0] ?? '';
  return [...statements, ...dynamic].map(([, target = '']) => ({ file, room, target }));
}

/** The room that a relative import leads to, or undefined for a package. */
function roomOf({ file, target }: Import): string | undefined {
  if (!target.startsWith('.')) return undefined;
  return path.join(path.dirname(file), target).split(path.sep)[0];
}

/** The file that a relative import leads to, or undefined for a package. */
function fileOf({ file, target }: Import): string | undefined {
  return target.startsWith('.') ? path.join(path.dirname(file), target) : undefined;
}

/** Files that import each other, each with the way back to itself. */
function cycles(): readonly string[] {
  const targets = Map.groupBy(imports, ({ file }) => file);
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at >= 0) {
      found.push([...way.slice(at), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const each of targets.get(file) ?? []) {
      const target = fileOf(each);
      if (target !== undefined) visit(target, [...way, file]);
    }
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return found;
}

/** Without comments that have lines of their own. */
function codeLines(file: string): readonly string[] {
  const text = readFileSync(path.join(root, 'src', file), 'utf8');
  return text.split('\n').filter((line) => !/^\s*(\/?\*|\/\/)/.test(line));
}

const imports = sourceFiles().flatMap(importsOf);

describe('architecture', () => {
  it('finds the imports it is about', () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  it('has only rooms that are known', () => {
    const rooms = readdirSync(path.join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(rooms.toSorted()).toEqual([...Object.keys(arrows), 'commands'].toSorted());
  });

  it('has imports only along the arrows', () => {
    const against = imports
      .filter(({ room }) => room in arrows)
      .filter((each) => {
        const target = roomOf(each);
        if (target === undefined || target === each.room || target === 'version.ts') return false;
        // Published data, such as the schema of the rules file.
        if (each.target.endsWith('.json')) return false;
        // The metrics of a room, in the registry that it is given.
        if (target === 'telemetry' && path.basename(each.file) === 'monitoring.ts') return false;
        return !arrows[each.room]?.includes(target);
      });
    expect(against).toEqual([]);
  });

  it('allows no arrow that no file uses', () => {
    const used = new Set(imports.map((each) => `${each.room} -> ${roomOf(each)}`));
    const allowed = Object.entries(arrows).flatMap(([room, targets]) =>
      targets.map((target) => `${room} -> ${target}`),
    );
    expect(allowed.filter((arrow) => !used.has(arrow))).toEqual([]);
  });

  it('keeps clients, clocks and the system out of the pure rooms', () => {
    const impure = imports.filter(({ room, target }) => {
      const packages = pureRooms[room];
      return packages !== undefined && !target.startsWith('.') && !packages.includes(target);
    });
    expect(impure).toEqual([]);
  });

  it('keeps clocks of other rooms out of them, too', () => {
    const impure = imports.filter(
      (each) => each.room in pureRooms && roomOf(each) === 'async' && fileOf(each) !== PURE_ASYNC,
    );
    expect(impure).toEqual([]);
  });

  it('has no circular imports', () => {
    expect(cycles()).toEqual([]);
  });

  it('keeps what Node.js has everywhere out of them, too', () => {
    const ambient =
      /\b(process|globalThis|console|performance|fetch|set(Timeout|Interval|Immediate)|Date\.now|Math\.random)\b|new Date\(\)/;
    const impure = sourceFiles()
      .filter((file) => (file.split(path.sep)[0] ?? '') in pureRooms)
      .flatMap((file) => codeLines(file).map((line) => `${file}: ${line}`))
      .filter((line) => ambient.test(line));
    expect(impure).toEqual([]);
  });

  it('has every room in the architecture document', () => {
    const document = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
    for (const room of [...Object.keys(arrows), 'commands']) expect(document).toContain(`${room}/`);
  });

  it('has no file named for nothing in particular', () => {
    const named = sourceFiles().filter((file) =>
      /(^|\/)(utils?|helpers?|common|types|misc)\.ts$/.test(file),
    );
    expect(named).toEqual([]);
  });
});

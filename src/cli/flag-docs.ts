import type { Flag } from './flag.ts';
import { type FlagSection, SERVE_FLAG_SECTIONS } from './serve/serve-flags.ts';

const INTRODUCTION = `# Command-line flags

<!-- Written by scripts/write-flag-docs.ts from the tables in src/cli. Change those, then run it. -->

The flags of \`prom-metrics-adapter [serve]\`. The flags of prometheus-adapter v0.12 have the same names, values and
defaults (except \`--client-qps\`), so that its manifests can be kept. The syntax is also the same:

- \`--name=value\` or \`--name value\`; a bool is \`--name\` or \`--name=false\`; \`-v=4\`, \`-v 4\` or \`-v4\`.
- Underscores in names are equal to dashes. If a flag is set twice, the last value is used, except for lists and flags
  that may be repeated, whose values are joined.
- Integers have Go's notation (\`0x1f\`, \`1_000\`), and so have durations: \`30s\`, \`10m\`, \`1h30m\`.
- Unknown flags and invalid values are reported together, and the program exits. A flag without effect is accepted, and
  the log has the reason.`;

/** The text of docs/flags.md. */
export function flagDocs(): string {
  const sections = SERVE_FLAG_SECTIONS.map(sectionDocs).filter((text) => text !== '');
  return `${[INTRODUCTION, ...sections, ignoredDocs()].join('\n\n')}\n`;
}

function sectionDocs(section: FlagSection): string {
  const rows = section.flags.filter(({ effect }) => effect !== 'ignored').map(flagRow);
  const head = ['', '| flag | default | meaning |', '| --- | --- | --- |'];
  return rows.length === 0 ? '' : [`## ${section.title}`, ...head, ...rows].join('\n');
}

function flagRow(flag: Flag<unknown>): string {
  const deprecated = flag.deprecated === undefined ? '' : ` *Deprecated:* ${flag.deprecated}.`;
  const byDefault = flag.defaultText === '' ? '' : code(flag.defaultText);
  return `| ${usage(flag)} | ${byDefault} | ${cell(`${flag.help}${deprecated}`)} |`;
}

function usage(flag: Flag<unknown>): string {
  const shorthand = flag.shorthand === undefined ? '' : `${code(`-${flag.shorthand}`)}, `;
  const value = flag.impliedText === undefined ? ` ${flag.kind}` : '';
  return `${shorthand}${code(`--${flag.name}${value}`)}`;
}

function ignoredDocs(): string {
  const ignored = SERVE_FLAG_SECTIONS.flatMap(({ flags }) => flags).filter(
    ({ effect }) => effect === 'ignored',
  );
  const reasons = [...new Set(ignored.map(({ note }) => note ?? ''))];
  const rows = reasons.map((reason) => {
    const names = ignored.filter(({ note }) => note === reason).map(({ name }) => `--${name}`);
    return `| ${names.map(code).join(' ')} | ${cell(capitalized(reason))}. |`;
  });
  return ['## Accepted without effect', '', '| flag | reason |', '| --- | --- |', ...rows].join(
    '\n',
  );
}

function code(text: string): string {
  return `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('*.', '\\*.');
}

function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

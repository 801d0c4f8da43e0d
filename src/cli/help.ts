import { wrapWords } from '../text/word-wrap.ts';
import type { Flag } from './flag.ts';
import { type FlagSection, SERVE_FLAG_SECTIONS } from './serve/serve-flags.ts';

const WIDTH = 100;
const FLAG_INDENT = '      ';
const HELP_INDENT = '                ';

const OVERVIEW = `prom-metrics-adapter serves Prometheus metrics as custom.metrics.k8s.io,
external.metrics.k8s.io and metrics.k8s.io, so that HorizontalPodAutoscalers scale on any of them.

Usage:
  prom-metrics-adapter [serve] --config=FILE [flags]   serve the metrics of a rules file
  prom-metrics-adapter check FILE... [flags]           check rules files; see check --help
  prom-metrics-adapter version                         show the version
  prom-metrics-adapter help                            show this help

The flags of prometheus-adapter are supported. Durations have the form 30s, 10m or 1h30m.`;

/** The text of `help` and `--help`: usage and all flags, by section. */
export function serveHelp(): string {
  const sections = SERVE_FLAG_SECTIONS.map(sectionHelp).filter((text) => text !== '');
  return `${[OVERVIEW, ...sections, ignoredHelp()].join('\n\n')}\n`;
}

function sectionHelp(section: FlagSection): string {
  const shown = section.flags.filter(({ effect }) => effect !== 'ignored').map(flagHelp);
  return shown.length === 0 ? '' : `${section.title} flags:\n\n${shown.join('\n')}`;
}

function flagHelp(flag: Flag<unknown>): string {
  return [flagUsage(flag), ...indented(flagMeaning(flag), HELP_INDENT)].join('\n');
}

/** `  -v, --v level` */
function flagUsage(flag: Flag<unknown>): string {
  const shorthand = flag.shorthand === undefined ? FLAG_INDENT : `  -${flag.shorthand}, `;
  const value = flag.impliedText === undefined ? ` ${flag.kind}` : '';
  return `${shorthand}--${flag.name}${value}`;
}

/** The help, the default and the deprecation of a flag, in one paragraph. */
function flagMeaning(flag: Flag<unknown>): string {
  const byDefault = flag.defaultText === '' ? '' : ` (default ${flag.defaultText})`;
  const deprecated = flag.deprecated === undefined ? '' : ` Deprecated: ${flag.deprecated}.`;
  return `${flag.help}${byDefault}${deprecated}`;
}

function ignoredHelp(): string {
  const ignored = SERVE_FLAG_SECTIONS.flatMap(({ flags }) => flags).filter(
    ({ effect }) => effect === 'ignored',
  );
  const names = ignored.map(({ name }) => `--${name}`).join(' ');
  return [
    'Accepted for existing manifests, without effect; the log has the reason:',
    '',
    ...indented(names, FLAG_INDENT),
  ].join('\n');
}

function indented(text: string, indent: string): string[] {
  return wrapWords(text, WIDTH - indent.length).map((line) => `${indent}${line}`);
}

import type { ResourceMapper } from '../../apimachinery/cluster-resource.ts';
import { DurationError } from '../../apimachinery/go-duration.ts';
import { parsePrometheusDuration } from '../../apimachinery/prometheus-duration.ts';
import { type CheckOptions, checkResourceRules, checkRule } from '../../rules/checks/check-rule.ts';
import { checkRuleSet } from '../../rules/checks/check-rule-set.ts';
import type { ReportFault } from '../../rules/fault.ts';
import type { RuleOrigin } from '../../rules/origin.ts';
import type { RuleKind } from '../../rules/rule.ts';
import { hasRules, type RuleSet } from '../../rules/rule-set.ts';
import type { QueryLanguage } from '../../rules/template-rule/injection-guard.ts';
import {
  compileResourceRules,
  compileRuleParts,
  isWholeRule,
  type RulePlace,
  type TemplateResourceRules,
  type TemplateRule,
} from '../../rules/template-rule/template-rule.ts';
import { reportLongTexts } from '../../rules/template-rule/text-limits.ts';
import { type Content, type FileForm, readContent } from './content.ts';
import { discoveryRule, itemsIn, resourceRule, textIn } from './definitions.ts';
import type { Fault } from './fault.ts';
import { type FaultList, faultList } from './fault-list.ts';
import { fieldInValues } from './helm-values.ts';
import {
  childOf,
  formatPath,
  type LocatedValue,
  type Path,
  valueAt,
} from './schema/located-value.ts';
import { checkShapes, type RuleShape, withoutMisspelt } from './schema/rule-shapes.ts';

/** The rules of a rules file, compiled. */
export interface Configuration extends RuleSet {
  readonly custom: readonly TemplateRule[];
  readonly external: readonly TemplateRule[];
  readonly resource: TemplateResourceRules | undefined;
}

export interface LoadOptions extends CheckOptions {
  readonly mapper: ResourceMapper;
  /** Default: `rules`. */
  readonly form?: FileForm;
}

export interface ReadConfiguration {
  /** Undefined if and only if a fault is an `error`. */
  readonly configuration: Configuration | undefined;
  /** In the order of the file. */
  readonly faults: readonly Fault[];
}

const RULE_LISTS = [
  { list: 'rules', kind: 'custom' },
  { list: 'externalRules', kind: 'external' },
] as const;

type ListName = (typeof RULE_LISTS)[number]['list'];

const EMPTY: Configuration = { custom: [], external: [], resource: undefined };

/** A rule and its index in the file. Rules with errors are omitted before it. */
interface PlacedRule {
  readonly rule: TemplateRule;
  readonly index: number;
}

/**
 * Parses and checks a rules file, and reports all faults. Never throws.
 *
 * @param file the file's name, for the faults
 */
export function readConfiguration(
  file: string,
  text: string,
  options: LoadOptions,
): ReadConfiguration {
  const source = withoutByteOrderMark(text);
  const { form = 'rules' } = options;
  const nameOf = form === 'rules' ? undefined : fieldInValues;
  const faults = faultList(file, source, nameOf);
  const content = readContent(source, form, faults);
  if (content === undefined) return conclude(EMPTY, faults);

  const shapes = checkShapes(content, faults);
  const [custom = [], external = []] = RULE_LISTS.map(({ list, kind }) =>
    itemsIn(content.root, list).flatMap((located, index) => {
      const base = [list, index];
      const shape = shapes.get(formatPath(base));
      const report = withoutMisspelt(shape, base, content.reporter(base));
      const place = { kind, origin: originOf(content, base, faults) };
      const rule = readRule(located, place, shape, options, report);
      return rule === undefined ? [] : [{ rule, index }];
    }),
  );
  const origin = originOf(content, ['resourceRules'], faults);
  const resource = readResourceRules(content, origin, shapes.get('resourceRules'), options);
  checkPlacedRules({ rules: custom, externalRules: external }, content);

  return conclude(
    {
      custom: Object.freeze(custom.map(({ rule }) => rule)),
      external: Object.freeze(external.map(({ rule }) => rule)),
      resource,
    },
    faults,
  );
}

function originOf(content: Content, path: Path, faults: FaultList): RuleOrigin {
  return { source: 'file', ...faults.locate(content.placeOf(path), path) };
}

function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function conclude(configuration: Configuration, faults: FaultList): ReadConfiguration {
  if (!hasRules(configuration) && faults.sorted().length === 0) {
    const message =
      'there are no rules, so nothing is served: expected rules, externalRules or resourceRules';
    faults.add(0, [], 'warning', message);
  }
  const sorted = faults.sorted();
  const refused = sorted.some(({ severity }) => severity === 'error');
  return { configuration: refused ? undefined : Object.freeze(configuration), faults: sorted };
}

function readRule(
  located: LocatedValue,
  place: RulePlace,
  shape: RuleShape | undefined,
  options: LoadOptions,
  report: ReportFault,
): TemplateRule | undefined {
  if (shape?.hasWrongType) return undefined;
  const definition = discoveryRule(located);
  if (reportLongTexts(definition, report)) return undefined;
  const rule = compileRuleParts(definition, place, languageOf(options), report);
  if (options.form === 'helm values' && warnOfHelmTemplates(located, report)) {
    return isWholeRule(rule) ? rule : undefined;
  }
  warnOfUnusedFields(located, place.kind, report);
  const isMisspelt = shape !== undefined;
  checkRule(
    rule,
    options.mapper,
    options,
    isMisspelt ? onlyPresentFields(located, report) : report,
  );
  return isWholeRule(rule) && !isMisspelt ? rule : undefined;
}

export function languageOf({ checkPromql }: Pick<LoadOptions, 'checkPromql'>): QueryLanguage {
  return checkPromql ? 'promql' : 'other';
}

/** The result of Helm templates is not known here. */
function warnOfHelmTemplates(rule: LocatedValue, report: ReportFault): boolean {
  const field = ['seriesQuery', 'metricsQuery'].find((name) => textIn(rule, name).includes('{{'));
  if (field === undefined) return false;
  report({
    severity: 'warning',
    path: [field],
    offset: textIn(rule, field).indexOf('{{'),
    message:
      'Helm expands this template, so the rule is not checked here: check the rules file that `helm template` renders',
  });
  return true;
}

/** Fields that apply only to the other kind of rule. */
function warnOfUnusedFields(rule: LocatedValue, kind: RuleKind, report: ReportFault): void {
  const path = ['resources', 'namespaced'];
  if (kind !== 'custom' || valueAt(rule, path) === undefined) return;
  report({
    severity: 'warning',
    path,
    message:
      '`namespaced` has no effect in `rules`, only in `externalRules`: the label for the namespace decides whether a metric is namespaced',
  });
}

/** If a field is misspelt, other fields may only seem to be missing. */
function onlyPresentFields(rule: LocatedValue, report: ReportFault): ReportFault {
  return (fault) => {
    if (valueAt(rule, fault.path) !== undefined) report(fault);
  };
}

function readResourceRules(
  { root, reporter }: Content,
  origin: RuleOrigin,
  shape: RuleShape | undefined,
  options: LoadOptions,
): TemplateResourceRules | undefined {
  const rules = childOf(root, 'resourceRules');
  if (rules === undefined || shape?.hasWrongType) return undefined;
  const base = ['resourceRules'];
  const report = withoutMisspelt(shape, base, reporter(base));
  const definition = {
    cpu: resourceRule(childOf(rules, 'cpu')),
    memory: resourceRule(childOf(rules, 'memory')),
    window: readWindow(childOf(rules, 'window'), report),
  };
  const isTooLong = (['cpu', 'memory'] as const).map((name) =>
    reportLongTexts(definition[name], (fault) => report({ ...fault, path: [name, ...fault.path] })),
  );
  if (isTooLong.includes(true)) return undefined;
  const compiled = compileResourceRules(definition, origin, languageOf(options), report);
  if (compiled === undefined || shape !== undefined) return undefined;
  checkResourceRules(compiled, options.mapper, options, report);
  return compiled;
}

/** In milliseconds; 0 if the file has none, as in the reference adapter. */
function readWindow(window: LocatedValue | undefined, report: ReportFault): number {
  if (window?.kind !== 'scalar') return 0;
  try {
    return parsePrometheusDuration(String(window.value));
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    report({ severity: 'error', path: ['window'], message: error.message });
    return 0;
  }
}

function checkPlacedRules(
  lists: Readonly<Record<ListName, readonly PlacedRule[]>>,
  content: Content,
): void {
  checkRuleSet(
    lists.rules.map(({ rule }) => rule),
    lists.externalRules.map(({ rule }) => rule),
    (list, index, fault) => content.reporter([list, lists[list][index]?.index ?? index])(fault),
  );
}

import type { Steps } from '../../async/steps.ts';
import { createTimeSlices, type TimeSlices } from '../../async/time-slices.ts';
import type { ReportFault } from '../../rules/fault.ts';
import type { RuleOrigin } from '../../rules/origin.ts';
import type { RuleKind } from '../../rules/rule.ts';
import type { DiscoveryRule, ResourceRules } from '../../rules/template-rule/definition.ts';
import type { QueryLanguage } from '../../rules/template-rule/injection-guard.ts';
import {
  compileResourceRulesInSteps,
  compileRulePartsInSteps,
  isWholeRule,
  type TemplateRule,
} from '../../rules/template-rule/template-rule.ts';
import type { Configuration } from './configuration.ts';

/** A rules file as plain data, which can be sent to another thread. */
export interface RulesDefinition {
  readonly custom: readonly Defined<DiscoveryRule>[];
  readonly external: readonly Defined<DiscoveryRule>[];
  readonly resource: Defined<ResourceRules> | undefined;
}

interface Defined<Definition> {
  readonly definition: Definition;
  readonly origin: RuleOrigin;
}

/** The data that a configuration was compiled from. */
export function definitionOf({ custom, external, resource }: Configuration): RulesDefinition {
  return {
    custom: custom.map(definedBy),
    external: external.map(definedBy),
    resource: resource && definedBy(resource),
  };
}

function definedBy<Definition>({ definition, origin }: Defined<Definition>): Defined<Definition> {
  return { definition, origin };
}

/**
 * Compiles a definition that was read without an error, in time slices.
 *
 * @throws Error if a rule does not compile
 */
export async function compileDefinition(
  definition: RulesDefinition,
  language: QueryLanguage,
): Promise<Configuration> {
  const { custom, external, resource } = definition;
  const slices = createTimeSlices();
  return Object.freeze({
    custom: await compileRules(custom, 'custom', language, slices),
    external: await compileRules(external, 'external', language, slices),
    resource:
      resource &&
      (await finishInSlices(
        compileResourceRulesInSteps(resource.definition, resource.origin, language, failOn),
        slices,
      )),
  });
}

async function compileRules(
  definitions: readonly Defined<DiscoveryRule>[],
  kind: RuleKind,
  language: QueryLanguage,
  slices: TimeSlices,
): Promise<readonly TemplateRule[]> {
  const rules: TemplateRule[] = [];
  for (const { definition, origin } of definitions) {
    const steps = compileRulePartsInSteps(definition, { kind, origin }, language, (fault) => {
      if (fault.severity === 'error') failOn(fault);
    });
    const rule = await finishInSlices(steps, slices);
    if (isWholeRule(rule)) rules.push(rule);
  }
  return Object.freeze(rules);
}

async function finishInSlices<Result>(steps: Steps<Result>, slices: TimeSlices): Promise<Result> {
  let step = steps.next();
  while (!step.done) {
    if (slices.isOver()) await slices.pause();
    step = steps.next();
  }
  return step.value;
}

const failOn: ReportFault = ({ path, message }) => {
  throw new Error(`a rule does not compile: ${path.join('.')}: ${message}`);
};

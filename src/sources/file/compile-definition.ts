import type { Steps } from '../../async/steps.ts';
import { createTimeSlices, type TimeSlices } from '../../async/time-slices.ts';
import type { ReportFault } from '../../rules/fault.ts';
import {
  type CompiledRule,
  compileResourceRulesInSteps,
  compileRulePartsInSteps,
  isWholeRule,
  type RuleKind,
} from '../../rules/rule.ts';
import type { DiscoveryRule, RulesDefinition } from '../../rules/template-rule/definition.ts';
import type { QueryLanguage } from '../../rules/template-rule/injection-guard.ts';
import type { Configuration } from './configuration.ts';

/** What a configuration was compiled from. */
export function definitionOf({ custom, external, resource }: Configuration): RulesDefinition {
  return {
    custom: custom.map(({ definition }) => definition),
    external: external.map(({ definition }) => definition),
    resource: resource?.definition,
  };
}

/**
 * Compiles the definition of a configuration that was read without an error, in time slices.
 *
 * @throws if a rule does not compile after all
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
      (await finishInSlices(compileResourceRulesInSteps(resource, language, refuse), slices)),
  });
}

async function compileRules(
  definitions: readonly DiscoveryRule[],
  kind: RuleKind,
  language: QueryLanguage,
  slices: TimeSlices,
): Promise<readonly CompiledRule[]> {
  const rules: CompiledRule[] = [];
  for (const [index, definition] of definitions.entries()) {
    const steps = compileRulePartsInSteps(definition, { kind, index }, language, (fault) => {
      if (fault.severity === 'error') refuse(fault);
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

const refuse: ReportFault = ({ path, message }) => {
  throw new Error(`a rule does not compile: ${path.join('.')}: ${message}`);
};

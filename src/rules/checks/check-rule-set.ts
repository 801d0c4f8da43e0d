import type { RuleFault } from '../fault.ts';
import type { TemplateRule } from '../template-rule/template-rule.ts';

/** Reports a fault of a rule, by its list in the rules file and its index in the list. */
export type ReportRuleFault = (
  list: 'rules' | 'externalRules',
  index: number,
  fault: RuleFault,
) => void;

/**
 * Checks for duplicates: a rule with the same series, names and resources as an earlier one replaces all its
 * metrics.
 */
export function checkRuleSet(
  custom: readonly TemplateRule[],
  external: readonly TemplateRule[],
  report: ReportRuleFault,
): void {
  checkList(custom, (index, fault) => report('rules', index, fault));
  checkList(external, (index, fault) => report('externalRules', index, fault));
}

function checkList(
  rules: readonly TemplateRule[],
  report: (index: number, fault: RuleFault) => void,
): void {
  const firstWith = new Map<string, number>();
  for (const [index, rule] of rules.entries()) {
    const key = whatItServes(rule);
    const earlier = firstWith.get(key);
    if (earlier === undefined) {
      firstWith.set(key, index);
      continue;
    }
    report(index, {
      severity: 'warning',
      path: [],
      message: `this rule gives the same metrics as rule ${earlier} of the list (counting from 0), which is never used: the later one wins`,
    });
  }
}

function whatItServes(rule: TemplateRule): string {
  const { seriesFilters, name, resources } = rule.definition;
  return JSON.stringify([
    rule.seriesQuery,
    seriesFilters,
    name.matches,
    name.as,
    [...resources.overrides],
    resources.template,
  ]);
}

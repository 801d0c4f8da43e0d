import type { CompiledResourceRules, CompiledRule } from './rule.ts';

/**
 * All rules at one moment. Immutable: a change gives a new set. If two rules define the same metric, the
 * later one is used.
 */
export interface RuleSet {
  readonly custom: readonly CompiledRule[];
  readonly external: readonly CompiledRule[];
  /** Undefined: metrics.k8s.io is not served. */
  readonly resource: CompiledResourceRules | undefined;
}

/** Whether there is at least one rule. */
export function hasRules({ custom, external, resource }: RuleSet): boolean {
  return custom.length > 0 || external.length > 0 || resource !== undefined;
}

import type { TimeSlices } from '../async/time-slices.ts';
import type { CompiledRule, Naming } from '../rules/rule.ts';

/** Derives metric names by rules, and caches them: most series are the same at the next relist. */
export interface NamingCache {
  /**
   * @param names in order, each once
   * @returns the rule's naming of each name, at the same index
   */
  of(rule: CompiledRule, names: readonly string[], slices: TimeSlices): Promise<readonly Naming[]>;
}

interface Cached {
  readonly names: readonly string[];
  readonly namings: readonly Naming[];
}

/** Caches the names of the last call for each rule that is in use. */
export function createNamingCache(): NamingCache {
  const cache = new WeakMap<CompiledRule, Cached>();
  return {
    async of(rule, names, slices) {
      const before = cache.get(rule);
      if (before?.names === names) return before.namings;
      const namings: Naming[] = [];
      let at = 0;
      for (const name of names) {
        // Both are sorted, so that earlier names are not needed again.
        while (before !== undefined && (before.names[at] ?? name) < name) at += 1;
        const isKnown = before !== undefined && before.names[at] === name;
        const known = isKnown ? before.namings[at] : undefined;
        namings.push(known ?? rule.namingOf(name));
        if (slices.isOver()) await slices.pause();
      }
      cache.set(rule, { names, namings });
      return namings;
    },
  };
}

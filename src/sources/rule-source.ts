import type { RuleSet } from '../rules/rule-set.ts';

/** A place that rules come from, such as the rules file. */
export interface RuleSource {
  /** The last valid version of the rules. */
  current(): RuleSet;
  /** Adds a listener. It is called after each change of {@link current}. */
  onChange(listener: () => void): void;
  /** Reads the rules now. */
  reload(): void;
  close(): void;
}

/**
 * Merges the rules of several sources into one immutable set. If two sources define the same metric, the
 * earlier source takes precedence; `resource` is that of the first source that has one.
 */
export function mergeSources(sources: readonly RuleSource[]): RuleSource {
  let merged = mergeSets(sources.map((source) => source.current()));
  const listeners: (() => void)[] = [];
  for (const source of sources) {
    source.onChange(() => {
      merged = mergeSets(sources.map((each) => each.current()));
      for (const listener of listeners) listener();
    });
  }
  return {
    current: () => merged,
    onChange: (listener) => void listeners.push(listener),
    reload() {
      for (const source of sources) source.reload();
    },
    close() {
      for (const source of sources) source.close();
    },
  };
}

/** Of two rules for the same metric the later one is used, so the first source comes last. */
function mergeSets(sets: readonly RuleSet[]): RuleSet {
  const ascending = sets.toReversed();
  return Object.freeze({
    custom: Object.freeze(ascending.flatMap(({ custom }) => custom)),
    external: Object.freeze(ascending.flatMap(({ external }) => external)),
    resource: sets.find(({ resource }) => resource !== undefined)?.resource,
  });
}

// The fields of a rules file, with defaults filled in, as plain data that can be sent to another thread.
// See docs/rules.md.

export interface GroupResourceReference {
  /** Empty: any group. */
  readonly group: string;
  /** Plural or singular, as written. */
  readonly resource: string;
}

export interface SeriesFilter {
  readonly is: string;
  readonly isNot: string;
}

export interface ResourceAssociation {
  /** Label to resource, in the order of the file. */
  readonly overrides: ReadonlyMap<string, GroupResourceReference>;
  /** Go template over `.Group` and `.Resource`; empty: none. */
  readonly template: string;
  /** External rules: whether the namespace of the request becomes a label matcher. */
  readonly namespaced: boolean;
}

export interface DiscoveryRule {
  readonly seriesQuery: string;
  readonly seriesFilters: readonly SeriesFilter[];
  readonly resources: ResourceAssociation;
  /** Empty strings: the defaults. */
  readonly name: { readonly matches: string; readonly as: string };
  readonly metricsQuery: string;
  /** Whether one query may answer several requests. */
  readonly sharing: boolean;
}

export interface ResourceRule {
  readonly containerQuery: string;
  readonly nodeQuery: string;
  readonly resources: ResourceAssociation;
  readonly containerLabel: string;
}

/** `resourceRules`. */
export interface ResourceRules {
  readonly cpu: ResourceRule;
  readonly memory: ResourceRule;
  /** Milliseconds. */
  readonly window: number;
}

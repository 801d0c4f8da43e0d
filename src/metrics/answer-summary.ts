/** Why a sample is not used. */
export type LeftOutReason =
  /** It is plus or minus infinity, which a quantity cannot represent. */
  | 'infinite'
  /** It has no label that identifies its object. */
  | 'label_missing'
  /** It belongs to an object in another namespace. */
  | 'other_namespace'
  /** It belongs to an object that was not requested. */
  | 'other_object'
  /** Another sample of its object is used. */
  | 'several_for_one_object';

/** The number of samples that were not used, by reason. */
export interface LeftOutSamples {
  add(reason: LeftOutReason, count?: number): void;
  readonly counts: ReadonlyMap<LeftOutReason, number>;
}

export function createLeftOutSamples(): LeftOutSamples {
  const counts = new Map<LeftOutReason, number>();
  return {
    counts,
    add(reason, count = 1) {
      if (count > 0) counts.set(reason, (counts.get(reason) ?? 0) + count);
    },
  };
}

/** The samples that a request got from Prometheus, to explain missing values. */
export interface AnswerSummary {
  readonly api: 'custom' | 'external' | 'resource';
  /** `pods/load`; the name of an external metric; `pods` or `nodes` for resource metrics. */
  readonly metric: string;
  /** Undefined for root-scoped objects, and for all namespaces. */
  readonly namespace: string | undefined;
  /** The queries of this request without sharing; empty if none was needed. */
  readonly queries: readonly string[];
  /** The number of samples in the response. */
  readonly samples: number;
  readonly leftOut: LeftOutSamples['counts'];
  /** The label that identifies the objects. */
  readonly objectLabel?: string | undefined;
  /** Absent if the metric does not describe objects. */
  readonly objects?: AnsweredObjects | undefined;
}

export interface AnsweredObjects {
  /** The number of requested objects. */
  readonly requested: number;
  readonly missing: MissingObjects;
}

/** Objects without a value. */
export interface MissingObjects {
  readonly count: number;
  /** The first of their names, at most {@link MOST_MISSING_NAMES}. */
  readonly names: readonly string[];
  /** For resource metrics: the number of objects that lack CPU, and memory. */
  readonly without?: { readonly cpu: number; readonly memory: number };
}

export const MOST_MISSING_NAMES = 5;

/** Called with the samples of each request. */
export type OnAnswer = (summary: AnswerSummary) => void;

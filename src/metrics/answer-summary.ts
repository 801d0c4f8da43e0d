/** Why a sample of an answer gives no value. */
export type LeftOutReason =
  /** It is plus or minus infinity, which no quantity can tell. */
  | 'infinite'
  /** It lacks the label that names its object. */
  | 'label_missing'
  /** It is of an object in another namespace. */
  | 'other_namespace'
  /** It is of an object that was not asked for. */
  | 'other_object'
  /** Its object has another sample, which counts. */
  | 'several_for_one_object';

/** How many samples of an answer gave no value, by why. */
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

/** What a request got from Prometheus: enough to say why it found nothing, or less than asked. */
export interface AnswerSummary {
  readonly api: 'custom' | 'external' | 'resource';
  /** `pods/load`, of an external metric its name, of resource metrics `pods` or `nodes`. */
  readonly metric: string;
  /** Undefined for root-scoped objects, and for all namespaces. */
  readonly namespace: string | undefined;
  /** As they would have been asked for this request alone; none where nothing was asked. */
  readonly queries: readonly string[];
  /** How many samples came back. */
  readonly samples: number;
  readonly leftOut: LeftOutSamples['counts'];
  /** The label that names the objects. */
  readonly objectLabel?: string | undefined;
  /** Absent where a metric describes no objects. */
  readonly objects?: AnsweredObjects | undefined;
}

export interface AnsweredObjects {
  /** How many objects the request is about. */
  readonly asked: number;
  readonly missing: MissingObjects;
}

/** Objects without a value. */
export interface MissingObjects {
  readonly count: number;
  /** The first of their names, at most {@link MOST_MISSING_NAMES}. */
  readonly names: readonly string[];
  /** Of resource metrics: how many lack the one, how many the other. */
  readonly without?: { readonly cpu: number; readonly memory: number };
}

export const MOST_MISSING_NAMES = 5;

/** Told of the answer to each request. */
export type OnAnswer = (summary: AnswerSummary) => void;

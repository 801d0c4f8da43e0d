import type { Identity } from '../authentication/identity.ts';
import { tooManyRequests } from '../status.ts';
import { createFairPlaces, type FairPlaces, type Refusal } from './fair-slots.ts';
import { addressFlow, userFlow } from './flow.ts';
import type { ReviewCaller } from './review-queue.ts';

/**
 * - `front_proxy`: requests with the client certificate of the front proxy;
 * - `authenticated`: other authenticated requests;
 * - `unproven`: anonymous requests, and those that wait for a TokenReview or SubjectAccessReview;
 * - `everyone`: all requests, if there is no authentication.
 */
export type RequestPool = 'front_proxy' | 'authenticated' | 'unproven' | 'everyone';

/** Limits the number of concurrent requests, in pools that do not affect each other. */
export interface RequestPools {
  /**
   * For a new request.
   *
   * @param address of the client
   */
  open(address: string | undefined): RequestPlace;
}

/**
 * The slot of a request, which has at most one at a time. Taking one throws a Status 429 if none is
 * available.
 */
export interface RequestPlace {
  /**
   * For reviews before the user is known. Takes a slot if the request has to wait for a review.
   *
   * @param signal aborted when the request no longer needs a response
   */
  unidentified(signal: AbortSignal): ReviewCaller;
  /** For reviews after that. Takes a slot if the request has to wait for a review. */
  identified(identity: Identity, signal: AbortSignal): ReviewCaller;
  /** Takes a slot for serving the request, or keeps the current one. */
  take(identity: Identity): void;
  /** The flow of the queries of the request; undefined if users are not authenticated. */
  flowOf(identity: Identity): string | undefined;
  /** Releases the slot, if there is one. No other can be taken afterwards. */
  leave(): void;
}

/** Called on every change. */
export interface RequestPoolEvents {
  readonly onChange: (pool: RequestPool, inFlight: number) => void;
  readonly onRejected: (pool: RequestPool, reason: Refusal) => void;
}

/** The number of concurrent requests of each pool; Infinity: no limit. */
export interface PoolSizes {
  readonly frontProxy: number;
  readonly authenticated: number;
  readonly unproven: number;
}

/** Which pool a request belongs to. The method is undefined until it is known. */
interface Classification {
  readonly whileReviewed: (method: Identity['method'] | undefined) => RequestPool;
  readonly whileServed: (method: Identity['method']) => RequestPool;
}

/** Pools by authentication method, each divided fairly between its flows. */
export function createRequestPools(sizes: PoolSizes, events: RequestPoolEvents): RequestPools {
  const pools = new Map<RequestPool, FairPlaces>([
    ['front_proxy', createFairPlaces(sizes.frontProxy)],
    ['authenticated', createFairPlaces(sizes.authenticated)],
    ['unproven', createFairPlaces(sizes.unproven)],
  ]);
  const byMethod: Classification = {
    whileReviewed: (method) => (method === 'front_proxy' ? 'front_proxy' : 'unproven'),
    whileServed(method) {
      if (method === 'front_proxy') return 'front_proxy';
      return method === 'anonymous' ? 'unproven' : 'authenticated';
    },
  };
  return { open: (address) => openPlace(addressFlow(address), pools, byMethod, events) };
}

/**
 * One pool for all requests, if there is no authentication and thus no users to divide it between.
 *
 * @param most the number of concurrent requests; Infinity: no limit
 */
export function createSinglePool(most: number, events: RequestPoolEvents): RequestPools {
  const places = createFairPlaces(most);
  let requests = 0;
  const eachAlone: FairPlaces = {
    take() {
      requests += 1;
      return places.take(`request ${requests}`);
    },
    get taken() {
      return places.taken;
    },
  };
  const pools = new Map<RequestPool, FairPlaces>([['everyone', eachAlone]]);
  const alike: Classification = { whileReviewed: () => 'everyone', whileServed: () => 'everyone' };
  return {
    open(address) {
      const place = openPlace(addressFlow(address), pools, alike, events);
      return { ...place, flowOf: () => undefined };
    },
  };
}

function openPlace(
  sender: string,
  pools: ReadonlyMap<RequestPool, FairPlaces>,
  { whileReviewed, whileServed }: Classification,
  events: RequestPoolEvents,
): RequestPlace {
  const held = holdOnePlace(pools, events);
  const flowOf = ({ method, user }: Identity): string =>
    method === 'anonymous' ? sender : userFlow(user);
  const callerIn = (pool: RequestPool, flow: string, signal: AbortSignal): ReviewCaller => {
    return { pool, flow, signal, onWait: () => held.take(pool, flow) };
  };
  return {
    unidentified: (signal) => callerIn(whileReviewed(undefined), sender, signal),
    identified: (identity, signal) =>
      callerIn(whileReviewed(identity.method), flowOf(identity), signal),
    take: (identity) => held.take(whileServed(identity.method), flowOf(identity)),
    flowOf,
    leave: held.leave,
  };
}

/** In seconds: when a client that got no slot may retry. */
const RETRY_AFTER = 1;

/** At most one slot in any of the pools. */
interface HeldPlace {
  /** Takes a slot and releases the previous one. */
  take(pool: RequestPool, flow: string): void;
  leave(): void;
}

function holdOnePlace(
  pools: ReadonlyMap<RequestPool, FairPlaces>,
  { onChange, onRejected }: RequestPoolEvents,
): HeldPlace {
  let held: { readonly pool: RequestPool; readonly flow: string; giveBack(): void } | undefined;
  let hasLeft = false;

  const giveBack = (): void => {
    if (held === undefined) return;
    const { pool } = held;
    held.giveBack();
    held = undefined;
    onChange(pool, pools.get(pool)?.taken ?? 0);
  };

  return {
    take(pool, flow) {
      if (held?.pool === pool && held.flow === flow) return;
      // The request's own slot must not be the one that fills its pool.
      if (held?.pool === pool) giveBack();
      const places = pools.get(pool);
      if (hasLeft || places === undefined) throw tooManyRequests(RETRY_AFTER);
      const taken = places.take(flow);
      if (typeof taken === 'string') {
        onRejected(pool, taken);
        throw tooManyRequests(RETRY_AFTER);
      }
      giveBack();
      held = { pool, flow, giveBack: taken };
      onChange(pool, places.taken);
    },
    leave() {
      hasLeft = true;
      giveBack();
    },
  };
}

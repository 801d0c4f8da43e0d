import type { Identity } from '../authentication/identity.ts';
import { tooManyRequests } from '../status.ts';
import { createFairPlaces, type FairPlaces, type Refusal } from './fair-places.ts';
import { addressFlow, userFlow } from './flow.ts';
import type { ReviewCaller } from './review-queue.ts';

/**
 * - `front_proxy`: requests that the front proxy's certificate proves;
 * - `authenticated`: other requests of known users;
 * - `unproven`: anonymous requests, and those that wait for a review of their token or access;
 * - `everyone`: all requests, where nobody is authenticated.
 */
export type RequestPool = 'front_proxy' | 'authenticated' | 'unproven' | 'everyone';

/** Limits how many requests are served at the same time, in pools that do not affect each other. */
export interface RequestPools {
  /**
   * For a request that has come.
   *
   * @param address of who sent it
   */
  open(address: string | undefined): RequestPlace;
}

/**
 * The place of a request. It has none until it takes one, and at most one at a time. Where there is
 * none to be taken a Status 429 is thrown.
 */
export interface RequestPlace {
  /**
   * For reviews before it is known who sent the request. It takes a place when it has to wait for one.
   *
   * @param signal aborted when the request needs no answer any more
   */
  unidentified(signal: AbortSignal): ReviewCaller;
  /** For reviews after that. It takes a place when it has to wait for one. */
  identified(identity: Identity, signal: AbortSignal): ReviewCaller;
  /** Takes a place for what is left to be done, or keeps the one that it has. */
  take(identity: Identity): void;
  /** Gives the place back, if there is one; from then on none can be taken. */
  leave(): void;
}

/** Told of every change. */
export interface RequestPoolEvents {
  readonly onChange: (pool: RequestPool, inFlight: number) => void;
  readonly onRejected: (pool: RequestPool, reason: Refusal) => void;
}

/** How many requests each pool may have at the same time; Infinity: any number. */
export interface PoolSizes {
  readonly frontProxy: number;
  readonly authenticated: number;
  readonly unproven: number;
}

/** Which pool a request belongs to; the method is undefined as long as it is not known. */
interface Classification {
  readonly whileReviewed: (method: Identity['method'] | undefined) => RequestPool;
  readonly whileServed: (method: Identity['method']) => RequestPool;
}

/** Pools by how a request was authenticated, each shared fairly between its flows. */
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
 * One pool for all requests, for where nobody is authenticated, so that there are no users to share
 * it between.
 *
 * @param most how many requests may be served at the same time; Infinity: any number
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
  return { open: (address) => openPlace(addressFlow(address), pools, alike, events) };
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
    leave: held.leave,
  };
}

/** In seconds: when a client that got no place may try again. */
const RETRY_AFTER = 1;

/** At most one place in any of the pools. */
interface HeldPlace {
  /** Takes a place and gives back the one that was held. */
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
      // Within a pool it must not be the request's own place that fills it.
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

import { readFileSync } from 'node:fs';
import { quantityToScalar } from '@kubernetes/client-node/dist/util.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMilli, type QuantityFormat, sampleToMilli } from './quantity.ts';

const DECIMAL = ['m', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const INT64_MAX = 2n ** 63n - 1n;

/** The value of a quantity in thousandths, by the documentation of its notation. */
function meaning(quantity: string): bigint {
  const { number = '', suffix = '' } =
    /^(?<number>-?[0-9]+)(?<suffix>.*)$/.exec(quantity)?.groups ?? {};
  if (BINARY.includes(suffix)) {
    return BigInt(number) * 1000n * 1024n ** BigInt(BINARY.indexOf(suffix) + 1);
  }
  const exponent = /^e([0-9]+)$/.exec(suffix)?.[1];
  const thousands = exponent === undefined ? DECIMAL.indexOf(suffix) : Number(exponent) / 3 + 1;
  expect(thousands).toBeGreaterThanOrEqual(0);
  return BigInt(number) * 1000n ** BigInt(thousands);
}

interface RecordedQuery {
  readonly query: string;
  readonly body: {
    readonly data?: {
      readonly result?: readonly {
        readonly metric?: Readonly<Record<string, string>>;
        readonly value?: readonly [number, string];
      }[];
    };
  };
}

function golden<T>(file: string): T {
  const url = new URL(`../../test/golden/data/${file}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8'));
}

/** A number as Prometheus writes it. */
function sampleValue(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}

const OVERFLOW = '-9223372036854775808m';

describe('recorded values of the metric "edge"', () => {
  const cases =
    golden<
      readonly {
        readonly request: { readonly path: string };
        readonly body: { readonly items?: readonly { readonly value: string }[] };
      }[]
    >('cases/01-overrides');
  const { query: queries } = golden<{ readonly query: readonly RecordedQuery[] }>(
    'prom/01-overrides',
  );
  const values = new Map(
    cases.flatMap(({ request, body }) => {
      const pod = /v1beta2\/namespaces\/shop\/pods\/(v-[^/]+)\/edge$/.exec(request.path)?.[1];
      const value = body.items?.[0]?.value;
      return pod !== undefined && value !== undefined ? [[pod, value]] : [];
    }),
  );
  const pairs = queries.flatMap(({ query, body }) => {
    const pod = /^edge\{namespace="shop",pod="([^"]+)"\}$/.exec(query)?.[1] ?? '';
    const sample = body.data?.result?.[0]?.value?.[1];
    const value = values.get(pod);
    return sample !== undefined && value !== undefined ? [{ sample, value }] : [];
  });
  const inRange = pairs.filter(({ value }) => value !== OVERFLOW);
  const overflowing = pairs.filter(({ value }) => value === OVERFLOW);

  it('exist in sufficient number', () => {
    expect(inRange.length).toBeGreaterThanOrEqual(35);
    expect(overflowing.length).toBeGreaterThanOrEqual(5);
  });

  it.each(inRange)('$sample is $value', ({ sample, value }) => {
    expect(formatMilli(sampleToMilli(sampleValue(sample)), 'DecimalSI')).toBe(value);
  });

  it.each(overflowing)('$sample overflows there, not here', ({ sample }) => {
    const value = sampleValue(sample);
    if (Number.isFinite(value)) {
      expect(meaning(formatMilli(sampleToMilli(value), 'DecimalSI'))).toBe(BigInt(value) * 1000n);
    } else {
      expect(() => sampleToMilli(value)).toThrow(RangeError);
    }
  });
});

describe('recorded memory of containers', () => {
  const [list] = golden<
    readonly {
      readonly request: { readonly path: string };
      readonly body: {
        readonly items?: readonly {
          readonly metadata: { readonly name: string; readonly namespace: string };
          readonly containers: readonly {
            readonly name: string;
            readonly usage: { readonly memory: string };
          }[];
        }[];
      };
    }[]
  >('cases/11-resource').filter(({ request }) => request.path.endsWith('/v1beta1/pods'));
  const { query: queries } = golden<{ readonly query: readonly RecordedQuery[] }>(
    'prom/11-resource',
  );

  /** The sample of a container, which the queries of the reference give by namespace. */
  function sampleOf(namespace: string, pod: string, container: string): string | undefined {
    return queries
      .filter(({ query }) => query.startsWith(`sum(mem_bytes{namespace="${namespace}",`))
      .flatMap(({ body }) => body.data?.result ?? [])
      .find(({ metric }) => metric?.pod === pod && (metric.container ?? '') === container)
      ?.value?.[1];
  }

  const pairs = (list?.body.items ?? []).flatMap(({ metadata, containers }) =>
    containers.flatMap(({ name, usage }) => {
      const sample = sampleOf(metadata.namespace, metadata.name, name);
      return sample === undefined || usage.memory === OVERFLOW
        ? []
        : [{ sample, memory: usage.memory }];
    }),
  );

  it('exists in sufficient number', () => {
    expect(pairs.length).toBeGreaterThanOrEqual(6);
  });

  it.each(pairs)('$sample bytes are $memory', ({ sample, memory }) => {
    expect(formatMilli(sampleToMilli(sampleValue(sample)), 'BinarySI')).toBe(memory);
  });
});

describe('formatMilli', () => {
  it.each<[bigint, string]>([
    [0n, '0'],
    [1n, '1m'],
    [-1n, '-1m'],
    [999n, '999m'],
    [1000n, '1'],
    [1001n, '1001m'],
    [100_000n, '100'],
    [1_000_000n, '1k'],
    [1_024_000n, '1024'],
    [-1_500_000_000n, '-1500k'],
    [10n ** 12n, '1G'],
    [10n ** 21n, '1E'],
    [999n * 10n ** 21n, '999E'],
    [10n ** 24n, '1e21'],
    [-25n * 10n ** 26n, '-2500e21'],
    [10n ** 303n, '1e300'],
    [2n ** 64n * 1000n, '18446744073709551616'],
  ])('writes %s thousandths as decimal %s', (milli, quantity) => {
    expect(formatMilli(milli, 'DecimalSI')).toBe(quantity);
  });

  it.each<[bigint, string]>([
    [0n, '0'],
    [1000n * 1000n, '1k'],
    [1000n * 1023n, '1023'],
    [1000n * 1024n, '1Ki'],
    [-1000n * 1024n, '-1Ki'],
    [-1000n * 1023n, '-1023'],
    [1000n * 1024n + 1n, '1024001m'],
    [1000n * 1025n, '1025'],
    [1000n * 1024n ** 3n, '1Gi'],
    [1000n * 1000n * 1024n ** 2n, '1000Mi'],
    [1000n * 7n * 1024n ** 6n, '7Ei'],
    [1000n * INT64_MAX, '9223372036854775807'],
    [1000n * 2n ** 63n, '9223372036854775808'],
    [-1000n * 2n ** 63n, '-9223372036854775808'],
    [1000n * 12n * 10n ** 18n, '12E'],
    [1000n * 2n ** 70n, '1180591620717411303424'],
  ])('writes %s thousandths as binary %s', (milli, quantity) => {
    expect(formatMilli(milli, 'BinarySI')).toBe(quantity);
  });

  const factor = fc.oneof(
    fc.nat({ max: 400 }).map((power) => 10n ** BigInt(power % 40)),
    fc.nat({ max: 9 }).map((power) => 1024n ** BigInt(power)),
  );
  const milliUnits = fc.oneof(
    fc.bigInt(-(2n ** 70n), 2n ** 70n),
    fc.tuple(fc.bigInt(-5000n, 5000n), factor, factor).map(([a, b, c]) => a * b * c),
    fc.bigInt(-(10n ** 310n), 10n ** 310n),
  );
  const formats = fc.constantFrom<QuantityFormat[]>('DecimalSI', 'BinarySI');

  it('is exact', () => {
    fc.assert(
      fc.property(milliUnits, formats, (milli, format) => {
        expect(meaning(formatMilli(milli, format))).toBe(milli);
      }),
      { numRuns: 1000 },
    );
  });

  it('uses the largest possible suffix', () => {
    fc.assert(
      fc.property(milliUnits, formats, (milli, format) => {
        fc.pre(milli !== 0n);
        const quantity = formatMilli(milli, format);
        expect(quantity).toMatch(/^-?[1-9][0-9]*([mkMGTPE]?|[KMGTPE]i|e[1-9][0-9]+)$/);
        const number = BigInt(
          Number.parseInt(quantity, 10) === 0 ? 0 : (quantity.match(/^-?\d+/)?.[0] ?? 0),
        );
        const base = quantity.endsWith('i') || isBinaryForm(milli, format) ? 1024n : 1000n;
        expect(number % base).not.toBe(0n);
      }),
      { numRuns: 1000 },
    );
  });

  /** Whole, at least 1024 and readable again: see the documentation of CanonicalizeBytes. */
  function isBinaryForm(milli: bigint, format: QuantityFormat): boolean {
    const size = milli < 0n ? -milli : milli;
    const inRange = size >= 1_024_000n && size <= INT64_MAX * 1000n;
    return format === 'BinarySI' && milli % 1000n === 0n && inRange;
  }

  it('uses binary suffixes only on request, and decimal ones if binary ones are impossible', () => {
    fc.assert(
      fc.property(milliUnits, formats, (milli, format) => {
        const quantity = formatMilli(milli, format);
        if (isBinaryForm(milli, format)) {
          expect(quantity).toMatch(/^-?[0-9]+([KMGTPE]i)?$/);
        } else {
          expect(quantity).not.toMatch(/i$/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is read by the Kubernetes client for JavaScript', () => {
    const units = fc.bigInt(-(2n ** 53n) + 1n, 2n ** 53n - 1n);
    fc.assert(
      fc.property(units, formats, (value, format) => {
        expect(BigInt(quantityToScalar(formatMilli(value * 1000n, format)))).toBe(value);
      }),
    );
  });
});

describe('sampleToMilli', () => {
  it('converts NaN to 0 and rejects infinities', () => {
    expect(sampleToMilli(Number.NaN)).toBe(0n);
    expect(() => sampleToMilli(Number.POSITIVE_INFINITY)).toThrow(RangeError);
    expect(() => sampleToMilli(Number.NEGATIVE_INFINITY)).toThrow(RangeError);
  });

  it.each<[number, bigint]>([
    [-0, 0n],
    [Number.MIN_VALUE, 0n],
    [-0.0009, 0n],
    [1.005, 1004n],
    [4.35, 4350n],
    [9007199254740994, 9007199254740994048n],
    [Number.MAX_VALUE, BigInt(Number.MAX_VALUE) * 1000n],
    [2 ** 63 / 1000, BigInt(2 ** 63 / 1000) * 1000n],
  ])('%s', (value, milli) => {
    expect(sampleToMilli(value)).toBe(milli);
  });

  const doubles = fc.double({ noDefaultInfinity: true, noNaN: true });

  /** The exact thousandths of a double as a fraction, from its bits. */
  function exactMilli(value: number): { numerator: bigint; denominator: bigint } {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setFloat64(0, value);
    const raw = bits.getBigUint64(0);
    const exponent = (raw >> 52n) & 0x7ffn;
    const fraction = raw & (2n ** 52n - 1n);
    const mantissa = exponent === 0n ? fraction : fraction + 2n ** 52n;
    const power = (exponent === 0n ? 1n : exponent) - 1075n;
    const numerator = (raw >> 63n === 1n ? -mantissa : mantissa) * 1000n;
    return power >= 0n
      ? { numerator: numerator * 2n ** power, denominator: 1n }
      : { numerator, denominator: 2n ** -power };
  }

  function size(value: bigint): bigint {
    return value < 0n ? -value : value;
  }

  it('is exact beyond int64, and otherwise has the error of the product of two doubles', () => {
    fc.assert(
      fc.property(fc.oneof(doubles, fc.double({ min: -1e16, max: 1e16, noNaN: true })), (value) => {
        const { numerator, denominator } = exactMilli(value);
        const error = size(sampleToMilli(value) * denominator - numerator);
        const exact = size(numerator) >= (INT64_MAX + 2000n) * denominator;
        // Less than 1 for the truncation, half a unit in the last place (2^-53) for the product.
        const allowed = exact ? 0n : denominator + size(numerator) / 2n ** 52n;
        expect(error <= allowed).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('is exact for moderate values with at most three binary places', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(1, 2, 4, 8), (numerator, denominator) => {
        expect(sampleToMilli(numerator / denominator)).toBe(
          (BigInt(numerator) * 1000n) / BigInt(denominator),
        );
      }),
    );
  });

  it('keeps the order of samples', () => {
    fc.assert(
      fc.property(doubles, doubles, (a, b) => {
        const [low, high] = a <= b ? [a, b] : [b, a];
        expect(sampleToMilli(low) <= sampleToMilli(high)).toBe(true);
      }),
    );
  });
});

/** The values of a MetricValueList, by pod, as Kubernetes quantities such as `497m`. */
export function podValues(list: unknown): readonly { pod: string; value: string }[] {
  const values: { pod: string; value: string }[] = [];
  JSON.parse(JSON.stringify(list), (_key, each) => {
    if (each?.describedObject !== undefined) {
      values.push({ pod: each.describedObject.name, value: each.value });
    }
    return each;
  });
  return values;
}

/** The number of a quantity of the forms that occur in the demo: plain, or in thousandths (`m`). */
export function numberOf(quantity: string): number {
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity);
}

/** Explains a quantity. */
export function explainQuantity(quantity: string): string {
  const unit = 'requests a second';
  return quantity.endsWith('m')
    ? `${quantity} is ${numberOf(quantity)} ${unit}: Kubernetes writes fractions in thousandths, and m is "milli".`
    : `${quantity} is in ${unit}. Kubernetes writes fractions in thousandths with an m for "milli": 497m is 0.497.`;
}

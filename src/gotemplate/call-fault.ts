/** A function that cannot be called with its arguments. The evaluator adds which one and where. */
export class CallFault extends Error {
  override readonly name = 'CallFault';
}

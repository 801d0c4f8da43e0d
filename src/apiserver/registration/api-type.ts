/**
 * A type of the API. OpenAPI schemas, protobuf messages and the columns of Tables are all generated from it.
 */
export interface ApiType {
  readonly description: string;
  /** Absent for a type that is a string in JSON. */
  readonly fields?: Readonly<Record<string, ApiField>>;
  /** Of a type that is a string in JSON. */
  readonly format?: StringFormat;
  /** For a kind: its group and version. */
  readonly kind?: GroupVersionKind;
  /** For a kind that can be converted to a Table: its columns after the name. */
  readonly columns?: readonly TableColumn[];
}

/** A column of a Table in addition to that of the name. */
export interface TableColumn {
  readonly name: string;
  readonly format: string;
}

/**
 * - `date-time`: RFC 3339, metav1.Time;
 * - `quantity`: resource.Quantity;
 * - `duration`: as Go writes it, metav1.Duration.
 */
export type StringFormat = 'date-time' | 'quantity' | 'duration';

/** The types of an API by the names that Kubernetes' OpenAPI documents give them. */
export type ApiTypes = ReadonlyMap<string, ApiType>;

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface ApiField {
  readonly description: string;
  readonly type: FieldType;
  /** In the protobuf message; absent for `apiVersion` and `kind`, which are in its envelope. */
  readonly number?: number;
  readonly required?: boolean;
  readonly nullable?: boolean;
}

/** The type of a field; `{ ref }` names another type. */
export type FieldType =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  /** A list of strings that is a separate message in protobuf (metav1.Verbs). */
  | 'string list message'
  | { readonly ref: string }
  | { readonly listOf: FieldType }
  | { readonly mapOf: FieldType };

/** @param number in the protobuf message */
export function optional(number: number, type: FieldType, description: string): ApiField {
  return { number, type, description };
}

/** @param number in the protobuf message */
export function required(number: number, type: FieldType, description: string): ApiField {
  return { number, type, description, required: true };
}

export function ref(name: string): FieldType {
  return { ref: name };
}

export function listOf(type: FieldType): FieldType {
  return { listOf: type };
}

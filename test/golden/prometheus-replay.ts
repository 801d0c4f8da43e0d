import { Ajv } from 'ajv';
import { type RecordingProxy, startRecorder } from './recording-proxy.ts';

interface RecordedAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A file of data/prom: the queries of the reference with one configuration, and the responses. */
export interface PrometheusRecording {
  readonly series: readonly (RecordedAnswer & { readonly match: readonly string[] })[];
  readonly query: readonly (RecordedAnswer & { readonly query: string })[];
}

const answerSchema = {
  status: { type: 'integer' },
  body: {},
  params: {},
};

const isRecording = new Ajv({ strict: true }).compile<PrometheusRecording>({
  type: 'object',
  required: ['series', 'query'],
  additionalProperties: false,
  properties: {
    series: {
      type: 'array',
      items: {
        type: 'object',
        required: ['match', 'status', 'body'],
        additionalProperties: false,
        properties: { ...answerSchema, match: { type: 'array', items: { type: 'string' } } },
      },
    },
    query: {
      type: 'array',
      items: {
        type: 'object',
        required: ['query', 'status', 'body'],
        additionalProperties: false,
        properties: { ...answerSchema, query: { type: 'string' } },
      },
    },
    relistLog: {},
  },
});

/**
 * Reads a file of data/prom.
 *
 * @throws Error where the text has another form than data/README.md describes.
 */
export function parseRecording(json: string): PrometheusRecording {
  const recording: unknown = JSON.parse(json);
  if (!isRecording(recording)) {
    throw new Error(`not a recording: ${JSON.stringify(isRecording.errors?.[0])}`);
  }
  return recording;
}

/**
 * Stands in for Prometheus with what Prometheus 3.5 answered when the cases were recorded, in that
 * order. Any other query gets an error in the format of Prometheus (status 422).
 */
export function startReplay(recording: PrometheusRecording): Promise<RecordingProxy> {
  return startRecorder(({ path, parameters }, _received, _body, response) => {
    const found = path.endsWith('/series')
      ? recording.series.find(({ match }) => sameTexts(match, parameters.getAll('match[]')))
      : recording.query.find(({ query }) => query === parameters.get('query'));
    const { status, body } = found ?? {
      status: 422,
      body: { status: 'error', errorType: 'execution', error: `not recorded: ${parameters}` },
    };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

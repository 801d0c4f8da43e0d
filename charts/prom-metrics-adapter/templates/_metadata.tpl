{{- define "prom-metrics-adapter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "prom-metrics-adapter.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "prom-metrics-adapter.labels" -}}
{{- $own := include "prom-metrics-adapter.selectorLabels" . | fromYaml -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "app.kubernetes.io/component" "metrics" -}}
{{- $_ := set $own "app.kubernetes.io/part-of" (include "prom-metrics-adapter.name" .) -}}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- merge $own (default dict .Values.customLabels) | toYaml -}}
{{- end -}}

{{/*
The content of `metadata`. A dict: root, name, and optionally namespace, labels and
annotations.
*/}}
{{- define "prom-metrics-adapter.metadata" -}}
name: {{ .name | quote }}
{{- with .namespace }}
namespace: {{ . | quote }}
{{- end }}
labels:
  {{- merge (include "prom-metrics-adapter.labels" .root | fromYaml) (default dict .labels) | toYaml | nindent 2 }}
{{- with merge dict (default dict .annotations) (default dict .root.Values.customAnnotations) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

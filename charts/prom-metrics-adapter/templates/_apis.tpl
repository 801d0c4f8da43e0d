{{/*
The APIs to register: a dict with custom, external and resource, each true or absent. If `apiServices` does not
set an API, the rules decide.
*/}}
{{- define "prom-metrics-adapter.apis" -}}
{{- $rules := .Values.rules -}}
{{- $needed := dict "custom" (or $rules.default $rules.custom) "external" $rules.external "resource" (or $rules.defaultResource $rules.resource) -}}
{{- range $api, $isNeeded := $needed }}
{{- $configured := index $.Values.apiServices $api }}
{{- if ternary $isNeeded $configured (kindIs "invalid" $configured) }}
{{ $api }}: true
{{- end }}
{{- end }}
{{- end -}}

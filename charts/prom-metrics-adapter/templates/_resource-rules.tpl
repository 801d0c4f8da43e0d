{{/*
`resourceRules` of the rules file, in YAML; empty if there are none. The rules of the values replace all default
rules: a mixture would query by the labels of both.
*/}}
{{- define "prom-metrics-adapter.resourceRules" -}}
{{- if and .Values.rules.defaultResource .Values.rules.existing -}}
{{- fail "rules.defaultResource: it cannot be added to the rules of rules.existing. Copy files/default-resource-rules.yaml of the chart into your ConfigMap, under resourceRules, and set apiServices.resource=true" -}}
{{- end -}}
{{- if .Values.rules.resource -}}
{{- toYaml .Values.rules.resource -}}
{{- else if .Values.rules.defaultResource -}}
{{- .Files.Get "files/default-resource-rules.yaml" | trim -}}
{{- end -}}
{{- end -}}

{{/*
The resources that the adapter may list and watch, as the rules of a ClusterRole: `rbac.readableResources`, and
pods and nodes for metrics.k8s.io if they are missing there. Empty: none.
*/}}
{{- define "prom-metrics-adapter.readableResources" -}}
{{- $readable := default list .Values.rbac.readableResources -}}
{{- $isRegistered := hasKey (include "prom-metrics-adapter.apis" . | fromYaml) "resource" -}}
{{- $needed := ternary (list "nodes" "pods") list (or $isRegistered (include "prom-metrics-adapter.resourceRules" . | ne "")) -}}
{{- $missing := list -}}
{{- range $resource := $needed -}}
{{- $isReadable := false -}}
{{- range $readable -}}
{{- $isCore := or (has "" .apiGroups) (has "*" .apiGroups) -}}
{{- if and $isCore (or (has $resource .resources) (has "*" .resources)) }}{{ $isReadable = true }}{{ end -}}
{{- end -}}
{{- if not $isReadable }}{{ $missing = append $missing $resource }}{{ end -}}
{{- end -}}
{{- with $missing -}}
{{- $readable = append $readable (dict "apiGroups" (list "") "resources" .) -}}
{{- end -}}
{{- range $readable }}
- apiGroups: {{ toJson .apiGroups }}
  resources: {{ toJson .resources }}
  verbs: [list, watch]
{{- end -}}
{{- end -}}

{{- define "prom-metrics-adapter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of the objects: the release's, with the chart's unless it is in it already. */}}
{{- define "prom-metrics-adapter.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- $full | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "prom-metrics-adapter.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{/* Objects outside of namespaces are told apart by the namespace that they are for. */}}
{{- define "prom-metrics-adapter.clusterName" -}}
{{- printf "%s:%s" (include "prom-metrics-adapter.namespace" .) (include "prom-metrics-adapter.fullname" .) -}}
{{- end -}}

{{- define "prom-metrics-adapter.serviceAccountName" -}}
{{- $default := ternary (include "prom-metrics-adapter.fullname" .) "default" .Values.serviceAccount.create -}}
{{- default $default .Values.serviceAccount.name -}}
{{- end -}}

{{- define "prom-metrics-adapter.rulesConfigMap" -}}
{{- default (include "prom-metrics-adapter.fullname" .) .Values.rules.existing -}}
{{- end -}}

{{/* The host name by which the API server and Prometheus know the adapter. */}}
{{- define "prom-metrics-adapter.host" -}}
{{- printf "%s.%s.svc" (include "prom-metrics-adapter.fullname" .) (include "prom-metrics-adapter.namespace" .) -}}
{{- end -}}

{{/*
The image. The one of prometheus-adapter, which old values files name, is not taken over: it is
another program.
*/}}
{{- define "prom-metrics-adapter.image" -}}
{{- if include "prom-metrics-adapter.isOldImage" . -}}
{{- printf "prom-metrics-adapter:%s" .Chart.AppVersion -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag | toString) -}}
{{- end -}}
{{- end -}}

{{- define "prom-metrics-adapter.isOldImage" -}}
{{- if regexMatch "^((registry\\.k8s|k8s\\.gcr)\\.io/prometheus-adapter/|gcr\\.io/k8s-staging-prometheus-adapter/|(docker\\.io/)?directxman12/|quay\\.io/coreos/).*prometheus-adapter" .Values.image.repository -}}
true
{{- end -}}
{{- end -}}

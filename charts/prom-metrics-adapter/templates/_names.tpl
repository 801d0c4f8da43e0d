{{- define "prom-metrics-adapter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of the objects: the name of the release, followed by the name of the chart unless it contains it. */}}
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

{{/* The name of cluster-scoped objects, which includes the namespace of the release to be unique. */}}
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

{{/* The host name of the adapter, used by the API server and Prometheus. */}}
{{- define "prom-metrics-adapter.host" -}}
{{- printf "%s.%s.svc" (include "prom-metrics-adapter.fullname" .) (include "prom-metrics-adapter.namespace" .) -}}
{{- end -}}

{{/*
The image. The image of prometheus-adapter in old values files is ignored: it is
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

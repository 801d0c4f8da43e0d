{{/* The values of the top level, to tell of others. The same as in values.schema.json. */}}
{{- define "prom-metrics-adapter.knownValues" -}}
affinity apiServices automountServiceAccountToken certManager customAnnotations customLabels
deploymentAnnotations dnsConfig dnsPolicy env extraArguments extraContainers extraManifests
extraVolumeMounts extraVolumes fullnameOverride global grafanaDashboard hostNetwork image listenPort
livenessProbe logLevel metricsRelistInterval nameOverride namespaceOverride nodeSelector
podAnnotations podDisruptionBudget podLabels podSecurityContext priorityClassName prometheus
prometheusRule psp rbac readinessProbe replicas resources rules securityContext service
serviceAccount serviceMonitor startupProbe strategy terminationGracePeriodSeconds tls tolerations
topologySpreadConstraints
{{- end -}}

{{- define "prom-metrics-adapter.unknownValues" -}}
{{- $known := include "prom-metrics-adapter.knownValues" . | replace "\n" " " | splitList " " -}}
{{- $unknown := list -}}
{{- range $name := keys .Values | sortAlpha -}}
{{- if not (has $name $known) }}{{ $unknown = append $unknown $name }}{{ end -}}
{{- end -}}
{{- join ", " $unknown -}}
{{- end -}}

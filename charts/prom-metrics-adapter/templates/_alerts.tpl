{{/* The alerts: a list of rules. {{`{{ $labels... }}`}} is for Prometheus. */}}
{{- define "prom-metrics-adapter.alerts" -}}
{{- $name := include "prom-metrics-adapter.fullname" . -}}
{{- $selector := printf "namespace=%q,job=%q" (include "prom-metrics-adapter.namespace" .) $name -}}
- alert: PromMetricsAdapterDown
  expr: absent(up{ {{- $selector -}} } == 1)
  for: 5m
  labels: {severity: critical}
  annotations:
    summary: No replica of the adapter can be scraped.
    description: >-
      For 5 minutes Prometheus has reached no replica of {{ $name }}. If the API server does not reach
      one either, HorizontalPodAutoscalers keep their size whatever the load. Look at the pods and at
      "kubectl get apiservices".
- alert: PromMetricsAdapterConfigReloadFailed
  expr: max by (namespace, pod) (prom_metrics_adapter_config_last_reload_successful{ {{- $selector -}} }) == 0
  for: 5m
  labels: {severity: warning}
  annotations:
    summary: The rules were edited and refused.
    description: >-
      {{`{{ $labels.pod }}`}} refuses the rules file and serves the last good one. Its log has the
      faults with line and column; "prom-metrics-adapter check" finds them before a rollout.
- alert: PromMetricsAdapterRelistFailing
  expr: |-
    sum by (namespace, pod) (increase(prom_metrics_adapter_relists_total{ {{- $selector -}} ,outcome="failure"}[15m])) > 0
    unless
    sum by (namespace, pod) (increase(prom_metrics_adapter_relists_total{ {{- $selector -}} ,outcome=~"success|partial"}[15m])) > 0
  for: 5m
  labels: {severity: warning}
  annotations:
    summary: The adapter cannot find out which series exist.
    description: >-
      For 15 minutes every relist of {{`{{ $labels.pod }}`}} has failed. Metrics that it knew are
      served, new ones are not.
- alert: PromMetricsAdapterRulesFailing
  expr: sum by (namespace, pod, api) (prom_metrics_adapter_rules_failing{ {{- $selector -}} }) > 0
  for: 30m
  labels: {severity: warning}
  annotations:
    summary: Some rules have no current result.
    description: >-
      For 30 minutes {{`{{ $value }}`}} rules ({{`{{ $labels.api }}`}} metrics) of {{`{{ $labels.pod }}`}}
      have failed to find their series. The log names their queries.
- alert: PromMetricsAdapterPrometheusErrors
  expr: |-
    sum by (namespace, pod) (rate(prom_metrics_adapter_prometheus_requests_total{ {{- $selector -}} ,outcome!~"success|canceled"}[5m]))
    /
    sum by (namespace, pod) (rate(prom_metrics_adapter_prometheus_requests_total{ {{- $selector -}} }[5m]))
    > {{ .Values.prometheusRule.prometheusErrorRatio }}
  for: 10m
  labels: {severity: critical}
  annotations:
    summary: Requests to Prometheus fail.
    description: >-
      {{`{{ $value | humanizePercentage }}`}} of the requests of {{`{{ $labels.pod }}`}} to Prometheus
      fail. Autoscalers without a metric keep their size. The label outcome of
      prom_metrics_adapter_prometheus_requests_total says how they fail.
- alert: PromMetricsAdapterPrometheusUnreachable
  expr: max by (namespace, pod) (prom_metrics_adapter_prometheus_circuit_open{ {{- $selector -}} }) == 1
  for: 5m
  labels: {severity: critical}
  annotations:
    summary: The adapter cannot reach Prometheus.
    description: >-
      For 5 minutes {{`{{ $labels.pod }}`}} has had no answer from the Prometheus that it asks, and
      so answers every request with an error: autoscalers keep their size. Its log has the last error.
- alert: PromMetricsAdapterSlow
  expr: |-
    histogram_quantile(0.99, sum by (namespace, group, le) (
      rate(prom_metrics_adapter_api_request_duration_seconds_bucket{ {{- $selector -}} ,group!=""}[10m])
    )) > {{ .Values.prometheusRule.latencySeconds }}
  for: 15m
  labels: {severity: warning}
  annotations:
    summary: Requests for metrics are answered slowly.
    description: >-
      The 99th percentile for {{`{{ $labels.group }}`}} is {{`{{ $value | humanizeDuration }}`}}. Compare
      prom_metrics_adapter_prometheus_request_duration_seconds: usually it is the queries.
- alert: PromMetricsAdapterErrors
  expr: |-
    sum by (namespace, group) (rate(prom_metrics_adapter_api_requests_total{ {{- $selector -}} ,group!="",code=~"5.."}[5m]))
    /
    sum by (namespace, group) (rate(prom_metrics_adapter_api_requests_total{ {{- $selector -}} ,group!=""}[5m]))
    > 0.05
  for: 10m
  labels: {severity: warning}
  annotations:
    summary: Requests for metrics fail.
    description: >-
      {{`{{ $value | humanizePercentage }}`}} of the requests for {{`{{ $labels.group }}`}} are answered
      with an error of the adapter. The log has the cause of each.
{{- end -}}

{{/* The alerts: a list of rules. Prometheus expands {{`{{ $labels... }}`}}. */}}
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
      For 5 minutes Prometheus has not been able to scrape any replica of {{ $name }}. If the API server
      cannot reach a replica either, HorizontalPodAutoscalers do not scale. Check the pods and
      "kubectl get apiservices".
- alert: PromMetricsAdapterConfigReloadFailed
  expr: max by (namespace, pod) (prom_metrics_adapter_config_last_reload_successful{ {{- $selector -}} }) == 0
  for: 5m
  labels: {severity: warning}
  annotations:
    summary: A change of the rules was rejected.
    description: >-
      {{`{{ $labels.pod }}`}} rejected the rules file and uses the last valid one. Its log has the errors
      with line and column. "prom-metrics-adapter check" finds them before a rollout.
- alert: PromMetricsAdapterRelistFailing
  expr: |-
    sum by (namespace, pod) (increase(prom_metrics_adapter_relists_total{ {{- $selector -}} ,outcome="failure"}[15m])) > 0
    unless
    sum by (namespace, pod) (increase(prom_metrics_adapter_relists_total{ {{- $selector -}} ,outcome=~"success|partial"}[15m])) > 0
  for: 5m
  labels: {severity: warning}
  annotations:
    summary: The adapter cannot discover series.
    description: >-
      For 15 minutes every relist of {{`{{ $labels.pod }}`}} has failed. Metrics of the last successful
      relist are served, new ones are not.
- alert: PromMetricsAdapterRulesFailing
  expr: sum by (namespace, pod, api) (prom_metrics_adapter_rules_failing{ {{- $selector -}} }) > 0
  for: 30m
  labels: {severity: warning}
  annotations:
    summary: Some rules have no current result.
    description: >-
      For 30 minutes discovery has failed for {{`{{ $value }}`}} rules ({{`{{ $labels.api }}`}} metrics) of
      {{`{{ $labels.pod }}`}}. The log has their queries.
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
      fail. HorizontalPodAutoscalers without a metric do not scale. The label outcome of
      prom_metrics_adapter_prometheus_requests_total has the kinds of failures.
- alert: PromMetricsAdapterPrometheusUnreachable
  expr: max by (namespace, pod) (prom_metrics_adapter_prometheus_circuit_open{ {{- $selector -}} }) == 1
  for: 5m
  labels: {severity: critical}
  annotations:
    summary: The adapter cannot reach Prometheus.
    description: >-
      For 5 minutes {{`{{ $labels.pod }}`}} has had no response from Prometheus, so every request returns an
      error and HorizontalPodAutoscalers do not scale. Its log has the last error.
- alert: PromMetricsAdapterSlow
  expr: |-
    histogram_quantile(0.99, sum by (namespace, group, le) (
      rate(prom_metrics_adapter_api_request_duration_seconds_bucket{ {{- $selector -}} ,group!=""}[10m])
    )) > {{ .Values.prometheusRule.latencySeconds }}
  for: 15m
  labels: {severity: warning}
  annotations:
    summary: Requests for metrics are slow.
    description: >-
      The 99th percentile for {{`{{ $labels.group }}`}} is {{`{{ $value | humanizeDuration }}`}}. Compare
      it with prom_metrics_adapter_prometheus_request_duration_seconds: usually the queries are slow.
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
      {{`{{ $value | humanizePercentage }}`}} of the requests for {{`{{ $labels.group }}`}} return a 5xx
      status. The log has the cause of each.
{{- end -}}

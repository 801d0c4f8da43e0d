{{/* The flags for the keys of `limits`. */}}
{{- define "prom-metrics-adapter.limitFlags" -}}
requestsInFlight: max-requests-inflight
reviewsInFlight: max-reviews-inflight
answerMemory: prometheus-max-answer-memory
unsentBytes: max-unsent-bytes
connections: max-connections
connectionsPerAddress: max-connections-per-address
{{- end -}}

{{/*
A probe from the values, which helm has merged with the default one. The API server rejects a probe
with two handlers, so the default handler is removed.
*/}}
{{- define "prom-metrics-adapter.probe" -}}
{{- if or .exec .tcpSocket .grpc -}}
{{- omit . "httpGet" | toYaml -}}
{{- else -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{/*
Requests and limits. The API server rejects a request above its limit. If the values set only one of
them and it conflicts with the default of the other, this raises the default memory limit or lowers
the request.
*/}}
{{- define "prom-metrics-adapter.resources" -}}
{{- $resources := deepCopy (default dict .Values.resources) -}}
{{- range $name := list "cpu" "memory" -}}
{{- $request := dig "requests" $name "" $resources -}}
{{- $limit := dig "limits" $name "" $resources -}}
{{- if and $request $limit (gt (include "prom-metrics-adapter.amount" $request | float64) (include "prom-metrics-adapter.amount" $limit | float64)) -}}
{{- if and (eq $name "memory") (eq (toString $limit) "256Mi") -}}
{{- $_ := set $resources.limits $name $request -}}
{{- else -}}
{{- $_ := set $resources.requests $name $limit -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end -}}

{{/* The number for a quantity such as 100m or 192Mi; 0 if it is not a quantity. */}}
{{- define "prom-metrics-adapter.amount" -}}
{{- $text := toString . -}}
{{- $factors := dict "" 1 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $suffix := regexFind "[A-Za-z]*$" $text -}}
{{- if hasKey $factors $suffix -}}
{{- mulf (trimSuffix $suffix $text | float64) (index $factors $suffix) -}}
{{- else -}}
0
{{- end -}}
{{- end -}}

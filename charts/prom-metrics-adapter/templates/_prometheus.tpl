{{/*
The URL of Prometheus and its port, in YAML: prometheus.url with prometheus.port, unless the URL already
has a port, and prometheus.path. Fails if it is not a URL.
*/}}
{{- define "prom-metrics-adapter.prometheus" -}}
{{- $given := tpl .Values.prometheus.url . | trim -}}
{{- if not (regexMatch "^(?i:https?)://[^/?#\\s]" $given) -}}
{{- $hint := ternary "" (printf ", e.g. http://%s" $given) (or (empty $given) (contains "//" $given)) -}}
{{- fail (printf "prometheus.url: expected a URL that begins with http:// or https://%s, found %q" $hint $given) -}}
{{- end -}}
{{- if regexMatch "[\\s#]" $given -}}
{{- fail (printf "prometheus.url: expected a URL without spaces and #, found %q" $given) -}}
{{- end -}}
{{- $scheme := regexFind "^[^:]+://" $given -}}
{{- $host := regexFind "^[^/?]+" (trimPrefix $scheme $given) -}}
{{- $rest := trimPrefix (print $scheme $host) $given -}}
{{- $ownPort := regexFind ":[0-9]*$" $host | trimPrefix ":" -}}
{{- $host = regexReplaceAll ":[0-9]*$" $host "" -}}
{{- $port := ternary "" (toString .Values.prometheus.port) (empty .Values.prometheus.port) -}}
{{- $port = ternary "" $port (eq $port "0") -}}
{{- if and $ownPort $port (ne $port $ownPort) (ne $port "9090") -}}
{{- fail (printf "prometheus.url has the port %s, and prometheus.port is %s: set only one of them" $ownPort $port) -}}
{{- end -}}
{{- $port = default $port $ownPort -}}
{{- $query := regexFind "\\?.*$" $rest -}}
{{- $path := trimSuffix $query $rest | trimSuffix "/" -}}
{{- with .Values.prometheus.path | default "" | trimAll "/" }}{{ $path = printf "%s/%s" $path . }}{{ end -}}
{{- $shown := ternary "" (printf ":%s" $port) (empty $port) -}}
url: {{ print $scheme $host $shown $path $query | quote }}
port: {{ default (ternary 443 80 (hasPrefix "https" (lower $scheme))) $port }}
{{- end -}}

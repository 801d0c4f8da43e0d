{{/* The source of the serving certificate: cert-manager, values, helm or adapter. */}}
{{- define "prom-metrics-adapter.certificateFrom" -}}
{{- if .Values.certManager.enabled -}}
cert-manager
{{- else if .Values.tls.enable -}}
values
{{- else if .Values.tls.generate.enabled -}}
helm
{{- else -}}
adapter
{{- end -}}
{{- end -}}

{{/* Whether there is a Secret with tls.crt, tls.key and ca.crt. */}}
{{- define "prom-metrics-adapter.hasCertificateSecret" -}}
{{- if ne (include "prom-metrics-adapter.certificateFrom" .) "adapter" }}true{{ end -}}
{{- end -}}

{{/*
The certificate that helm generates, as the data of a Secret: the one in the cluster if it is valid for another
month, otherwise a new one. Generated once per rendering: the Secret and the APIServices must
agree on it.
*/}}
{{- define "prom-metrics-adapter.generatedCertificate" -}}
{{- if not (hasKey .Release "generatedCertificate") -}}
{{- $fullname := include "prom-metrics-adapter.fullname" . -}}
{{- $kept := lookup "v1" "Secret" (include "prom-metrics-adapter.namespace" .) $fullname -}}
{{- $expires := dig "metadata" "annotations" "prom-metrics-adapter/certificate-expires" "0" $kept | int64 -}}
{{- $month := int64 2592000 -}}
{{- $now := now | unixEpoch | int64 -}}
{{- if and (dig "data" "ca.crt" "" $kept) (gt $expires (add $now $month)) -}}
{{- $_ := set .Release "generatedCertificate" (dict "data" $kept.data "expires" $expires) -}}
{{- else -}}
{{- $days := .Values.tls.generate.days | int -}}
{{- $host := include "prom-metrics-adapter.host" . -}}
{{- $ca := genCA (printf "%s-ca" $fullname | trunc 63) $days -}}
{{- $names := list $fullname (trimSuffix ".svc" $host) $host -}}
{{- $made := genSignedCert ($fullname) nil $names $days $ca -}}
{{- $data := dict "ca.crt" (b64enc $ca.Cert) "tls.crt" (b64enc $made.Cert) "tls.key" (b64enc $made.Key) -}}
{{- $_ := set .Release "generatedCertificate" (dict "data" $data "expires" (add $now (mul $days 86400))) -}}
{{- end -}}
{{- end -}}
{{- .Release.generatedCertificate | toYaml -}}
{{- end -}}

{{/* Certificates from the values, as the data of a Secret. Fails if they are not PEM. */}}
{{- define "prom-metrics-adapter.givenCertificate" -}}
{{- range $name := list "ca" "certificate" "key" -}}
{{- if not (contains "-----BEGIN " (toString (get $.Values.tls $name))) -}}
{{- fail (printf "tls.%s: with tls.enable it must be PEM text that begins with -----BEGIN" $name) -}}
{{- end -}}
{{- end -}}
{{- dict "data" (dict "ca.crt" (b64enc .Values.tls.ca) "tls.crt" (b64enc .Values.tls.certificate) "tls.key" (b64enc .Values.tls.key)) | toYaml -}}
{{- end -}}

{{/* How the API server verifies the adapter, as a part of the spec of an APIService. */}}
{{- define "prom-metrics-adapter.apiServiceTrust" -}}
{{- $from := include "prom-metrics-adapter.certificateFrom" . -}}
{{- if or .Values.tls.insecureSkipVerify (eq $from "adapter") -}}
insecureSkipTLSVerify: true
{{- else if eq $from "helm" -}}
caBundle: {{ index (include "prom-metrics-adapter.generatedCertificate" . | fromYaml).data "ca.crt" }}
{{- else if eq $from "values" -}}
caBundle: {{ index (include "prom-metrics-adapter.givenCertificate" . | fromYaml).data "ca.crt" }}
{{- end -}}
{{- end -}}

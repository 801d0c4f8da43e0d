{{/*
Unknown keys in the values, at any depth, and maps in place of lists: one line each, with a suggested
correction. files/known-values.json has the known keys; it is generated from values.schema.json.
*/}}
{{- define "prom-metrics-adapter.valueFaults" -}}
{{- $known := .Files.Get "files/known-values.json" | fromJson -}}
{{- $values := dict -}}
{{- range $key, $value := .Values -}}
{{- /* YAML anchors are usually kept under such keys. */ -}}
{{- if not (regexMatch "^(x-|[_.])" $key) }}{{ $_ := set $values $key $value }}{{ end -}}
{{- end -}}
{{- include "prom-metrics-adapter.valueFaultsIn" (dict "value" $values "known" $known.known "path" "" "place" "" "places" $known.places) -}}
{{- end -}}

{{/*
A dict: value, its known keys, its path, its place (the path without indexes), and the places of all
keys.
*/}}
{{- define "prom-metrics-adapter.valueFaultsIn" -}}
{{- if and .known.items (kindIs "slice" .value) -}}
{{- range $index, $item := .value -}}
{{- include "prom-metrics-adapter.valueFaultsIn" (dict "value" $item "known" $.known.items "path" (printf "%s[%d]" $.path $index) "place" (printf "%s[]" $.place) "places" $.places) -}}
{{- end -}}
{{- else if and (hasKey .known "items") (kindIs "map" .value) .value }}
{{ .path }}: expected a list, found a map: begin each item with "- "
{{- else if and .known.values (kindIs "map" .value) -}}
{{- range $key, $inner := .value -}}
{{- include "prom-metrics-adapter.valueFaultsIn" (dict "value" $inner "known" $.known.values "path" (printf "%s.%s" $.path $key) "place" $.place "places" $.places) -}}
{{- end -}}
{{- else if and .known.keys (kindIs "map" .value) -}}
{{- range $key, $inner := .value -}}
{{- $path := ternary $key (printf "%s.%s" $.path $key) (empty $.path) -}}
{{- if hasKey $.known.keys $key -}}
{{- $place := ternary $key (printf "%s.%s" $.place $key) (empty $.place) -}}
{{- include "prom-metrics-adapter.valueFaultsIn" (dict "value" $inner "known" (get $.known.keys $key) "path" $path "place" $place "places" $.places) -}}
{{- else }}
{{ $path }}: unknown value{{ include "prom-metrics-adapter.suggestion" (dict "key" $key "keys" $.known.keys "place" $.place "places" $.places) }}
{{- end -}}
{{- end -}}
{{- range .known.required -}}
{{- if not (hasKey $.value .) }}
{{ $.path }}: {{ . }} is missing
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
A suggestion for an unknown key: a similar key of the same map, or else the nearest place where the key
is known.
*/}}
{{- define "prom-metrics-adapter.suggestion" -}}
{{- $closest := include "prom-metrics-adapter.closestTo" (dict "word" .key "candidates" (keys .keys | sortAlpha)) -}}
{{- $places := include "prom-metrics-adapter.placesNear" . -}}
{{- if $closest -}}
: did you mean {{ $closest }}?
{{- else if $places -}}
: it belongs {{ $places }}
{{- else if le (len .keys) 12 -}}
: known here are {{ keys .keys | sortAlpha | join ", " }}
{{- end -}}
{{- end -}}

{{/* The places of a key within the given place, or else nearest to it; empty if ambiguous. */}}
{{- define "prom-metrics-adapter.placesNear" -}}
{{- $found := list -}}
{{- range get .places .key | default list -}}
{{- if or (empty $.place) (hasPrefix (printf "%s." $.place) (printf "%s." .)) -}}
{{- $found = append $found (ternary "at the top level" (printf "in %s" .) (empty .)) -}}
{{- end -}}
{{- end -}}
{{- if and (empty $found) .place -}}
{{- include "prom-metrics-adapter.placesNear" (dict "key" .key "place" (regexReplaceAll "(^|\\.)[^.]*$" .place "") "places" .places) -}}
{{- else if le (len $found) 3 -}}
{{- join " or " $found -}}
{{- end -}}
{{- end -}}

{{/*
The candidate with the smallest edit distance to a word, ignoring case: at most one edit for every three
letters, but at least one, as in src/cli/suggestion.ts. A dict: word, candidates.
*/}}
{{- define "prom-metrics-adapter.closestTo" -}}
{{- $fewest := max 1 (div (len .word) 3) | add1 | int -}}
{{- $closest := "" -}}
{{- if le (len .word) 40 -}}
{{- range .candidates -}}
{{- $difference := sub (len .) (len $.word) -}}
{{- if and (lt (int $difference) $fewest) (gt (int $difference) (mul -1 $fewest | int)) -}}
{{- $edits := include "prom-metrics-adapter.edits" (list (lower $.word) (lower .)) | int -}}
{{- if lt $edits $fewest }}{{ $fewest = $edits }}{{ $closest = . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $closest -}}
{{- end -}}

{{/* The Levenshtein distance of two words, given as a list. */}}
{{- define "prom-metrics-adapter.edits" -}}
{{- $b := splitList "" (last .) -}}
{{- $row := untilStep 0 (len $b | add1 | int) 1 -}}
{{- range $i, $x := splitList "" (first .) -}}
{{- $next := list (add1 $i) -}}
{{- range $j, $y := $b -}}
{{- $replaced := add (index $row $j) (ternary 0 1 (eq $x $y)) -}}
{{- $next = append $next (min $replaced (index $row (add1 $j) | add1) (last $next | add1)) -}}
{{- end -}}
{{- $row = $next -}}
{{- end -}}
{{- last $row -}}
{{- end -}}

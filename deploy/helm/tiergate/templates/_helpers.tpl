{{- define "tiergate.name" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) }}
{{- $name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "tiergate.selector" -}}
app.kubernetes.io/name: tiergate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tiergate.labels" -}}
{{ include "tiergate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* envoy/envoy.yaml with the values: the module's place, the document in both positions, the upstream. */}}
{{- define "tiergate.envoy" -}}
{{- $envoy := .Files.Get "envoy.yaml" | fromYaml }}
{{- $values := .Values }}
{{- $static := $envoy.static_resources }}
{{- range $listener := $static.listeners }}
  {{- if eq $listener.name "gateway" }}
    {{- $manager := (index (index $listener.filter_chains 0).filters 0).typed_config }}
    {{- range $filter := $manager.http_filters }}
      {{- if eq $filter.name "tiergate" }}
        {{- $_ := set $filter.typed_config.config.vm_config.code.local "filename" "/module/plugin.wasm" }}
        {{- $_ := set $filter.typed_config.config.configuration "value" $values.document }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- $cluster := dict }}
{{- $others := list }}
{{- range $each := $static.clusters }}
  {{- if eq $each.name "litellm" }}{{ $cluster = $each }}{{ else }}{{ $others = append $others $each }}{{ end }}
{{- end }}
{{- $endpoint := index (index $cluster.load_assignment.endpoints 0).lb_endpoints 0 }}
{{- $_ := set $endpoint.endpoint.address.socket_address "address" $values.upstream.host }}
{{- $_ := set $endpoint.endpoint.address.socket_address "port_value" (int $values.upstream.port) }}
{{- if $values.upstream.healthPath }}
  {{- $check := (index $cluster.health_checks 0).http_health_check }}
  {{- $_ := set $check "path" $values.upstream.healthPath }}
  {{- $_ := set $check "host" $values.upstream.host }}
{{- else }}
  {{- $_ := unset $cluster "health_checks" }}
{{- end }}
{{- $options := index $cluster.typed_extension_protocol_options "envoy.extensions.upstreams.http.v3.HttpProtocolOptions" }}
{{- range $filter := $options.http_filters }}
  {{- if eq $filter.name "tiergate" }}
    {{- $_ := set $filter.typed_config.config.vm_config.code.local "filename" "/module/plugin.wasm" }}
    {{- $_ := set $filter.typed_config.config.configuration "value" (merge (dict "position" "attempt") $values.document) }}
  {{- end }}
{{- end }}
{{- $_ := set $static "clusters" (concat (list (mergeOverwrite $cluster $values.cluster)) $others $values.clusters) }}
{{- range $monitor := $envoy.overload_manager.resource_monitors }}
  {{- $_ := set $monitor.typed_config "max_heap_size_bytes" (int64 $values.maxHeapBytes) }}
{{- end }}
{{- toYaml $envoy }}
{{- end }}

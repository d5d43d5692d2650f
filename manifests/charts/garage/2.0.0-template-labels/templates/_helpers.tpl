{{/* The name of every object; 52 characters leave room for what Kubernetes appends to a set's name. */}}
{{- define "garage.fullname" -}}
{{- $name := printf "%s-%s" .Release.Name .Chart.Name -}}
{{- if contains .Chart.Name .Release.Name }}{{ $name = .Release.Name }}{{ end -}}
{{- .Values.fullnameOverride | default $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* Selectors and the pods' labels. */}}
{{- define "garage.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "garage.labels" -}}
{{ include "garage.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* A value of a Secret, in base64: the given one, else what the cluster holds, else a new one. */}}
{{- define "garage.kept" -}}
{{- $stored := (lookup "v1" "Secret" .root.Release.Namespace .secret).data | default dict -}}
{{- if .given }}{{ b64enc .given }}{{ else }}{{ get $stored .key | default (b64enc .new) }}{{ end -}}
{{- end -}}

// All five services from the one recipe: docker buildx bake -f deploy/docker/bake.hcl
variable "TAG" {
  default = "0.1.0"
}

group "default" {
  targets = ["service"]
}

target "service" {
  name       = service
  matrix     = { service = ["ivr", "router", "agent-state", "reporting", "geo"] }
  dockerfile = "deploy/docker/Dockerfile"
  args       = { SERVICE = service }
  tags       = ["polycentre/${service}:${TAG}"]
}

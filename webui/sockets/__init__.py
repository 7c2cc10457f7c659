"""The sockets of the Web UI: frames in, frames out."""

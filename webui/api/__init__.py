"""`/webui/api`: what pages of the Web UI and scripts call."""

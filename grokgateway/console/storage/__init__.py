"""The cache page: kept files and their room, and what accounts keep at upstream."""

#!/bin/sh
# Without arguments: bring the database up to date and serve. With some: that command of
# manage.py, for example `worker` or `importaccounts -`.
set -eu
cd "$(dirname "$0")/.."

for folder in "${DATA_DIR:-data}" "${LOG_DIR:-logs}"; do
    if [ -d "$folder" ] && [ ! -w "$folder" ]; then
        echo "$folder cannot be written to by user $(id -u)." >&2
        echo "Give it to that user: chown -R $(id -u):$(id -g) THE-FOLDER-ON-THE-HOST" >&2
        exit 1
    fi
done

if [ "$#" -gt 0 ]; then
    exec python manage.py "$@"
fi
python manage.py migrate -v0
exec python manage.py serve

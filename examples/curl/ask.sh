#!/bin/sh
# TIERGATE_URL=http://127.0.0.1:10000 sh ask.sh
curl -sS -i "$TIERGATE_URL/v1/chat/completions" -H 'content-type: application/json' \
    -d '{"model": "smart/auto", "messages": [{"role": "user", "content": "Hello!"}]}'

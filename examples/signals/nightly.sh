#!/bin/sh
# The nightly job:  nightly.sh [COUNTS.csv]
# Puts the counts of a day into the history, makes a feed of the history, and moves it to where Envoy serves it. Without
# counts it makes the feed anew. Running it twice with the same counts is the same as running it once.
#
# COUNTS.csv and the history have the columns date,model,source,count, in this order, and no quotes. Nothing is changed
# unless all of it works. Environment: TIERGATE (the command), HISTORY, FEED.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tiergate=${TIERGATE:-tiergate}
history=${HISTORY:-$here/history.csv}
feed=${FEED:-$here/served/signals.json}

new=$history.new.csv
trap 'rm -f "$new"' EXIT
# The rows of the history and, in the place of those for the same day, model and source, the new ones.
awk -F, '
    { sub(/\r$/, "") }
    FNR == 1 && $0 != "date,model,source,count" {
        print FILENAME ": the first line is not date,model,source,count" > "/dev/stderr"
        failed = 1; exit 1
    }
    FNR == 1 { if (NR == 1) print; next }
    $0 == "" { next }
    { key = $1 FS $2 FS $3 }
    !(key in rows) { order[++count] = key }
    { rows[key] = $0 }
    END { if (!failed) for (i = 1; i <= count; i++) print rows[order[i]] }
' "$history" "$@" > "$new"

# Stars are running totals: what counts is how many were added in a day. --out replaces the file by a move.
"$tiergate" signals build "$new" --weight tokens=2 --weight stars=0.5 --cumulative stars --out "$feed"
mv "$new" "$history"

#!/bin/sh
for day in measurements/*.csv; do
  awk -F, -v day="$day" 'NR > 1 { sum += $2; n++ } END { printf "%s %.1f mm\n", day, sum / n }' "$day"
done

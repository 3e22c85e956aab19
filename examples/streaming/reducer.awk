#!/usr/bin/awk -f
# A reducer of Hadoop Streaming: `key<TAB>value` lines on stdin, all lines of a key together.
BEGIN { FS = OFS = "\t" }
$1 != key && NR > 1 { print key, sum; sum = 0 }
{ key = $1; sum += $2 }
END { if (NR > 0) print key, sum }

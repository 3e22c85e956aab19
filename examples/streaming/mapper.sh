#!/bin/sh
# A mapper of Hadoop Streaming: lines on stdin, `key<TAB>value` lines on stdout.
tr -cs '[:alpha:]' '\n' | tr '[:upper:]' '[:lower:]' | awk 'NF { print $1 "\t1" }'

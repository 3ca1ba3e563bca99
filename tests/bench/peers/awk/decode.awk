# A capture with `date -Is` (UTC) or epoch markers -> tab-separated rows for sqlite3's .import:
#   taken_ms family local_ip local_port remote_ip remote_port state tx_queue rx_queue timer
#   timer_ticks retransmits uid probes inode rto ato quick_pingpong cwnd ssthresh
# Written for mawk, whose fields and arrays are the fastest of the awks; hex goes through a table of
# all 4-digit numbers, addresses through one of those that were seen.
BEGIN {
  OFS = "\t"
  OFMT = CONVFMT = "%.15g"  # mawk prints integers beyond 2^31 with it
  digits = "0123456789ABCDEF"
  for (i = 0; i < 256; ++i) {
    pair = substr(digits, int(i / 16) + 1, 1) substr(digits, i % 16 + 1, 1)
    pairs[i] = pair
    byte[pair] = i
  }
  for (i = 0; i < 256; ++i)
    for (j = 0; j < 256; ++j) hex[pairs[i] pairs[j]] = i * 256 + j
  split("ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK " \
        "LISTEN CLOSING", name, " ")
  for (i = 1; i <= 11; ++i) state[pairs[i]] = name[i]
}

function v4(word) {
  return byte[substr(word, 7, 2)] "." byte[substr(word, 5, 2)] "." byte[substr(word, 3, 2)] "." \
    byte[substr(word, 1, 2)]
}

function v6(words, text, i, word) {
  if (substr(words, 1, 24) == "0000000000000000FFFF0000") return v4(substr(words, 25))
  for (i = 1; i < 32; i += 8) {
    word = substr(words, i, 8)
    text = text ":" tolower(substr(word, 7, 2) substr(word, 5, 2)) ":" \
      tolower(substr(word, 3, 2) substr(word, 1, 2))
  }
  return substr(text, 2)
}

function ip(endpoint, words) {
  words = substr(endpoint, 1, length(endpoint) - 5)
  if (!(words in seen)) seen[words] = length(words) == 8 ? v4(words) : v6(words)
  return seen[words]
}

function hex8(text) { return hex[substr(text, 1, 4)] * 65536 + hex[substr(text, 5, 4)] }

$1 ~ /:$/ && $1 != "sl" {
  print taken, length($2) == 13 ? 4 : 6, ip($2), hex[substr($2, length($2) - 3)],
    ip($3), hex[substr($3, length($3) - 3)], state[$4], hex8(substr($5, 1, 8)),
    hex8(substr($5, 10)), byte[substr($6, 1, 2)], hex8(substr($6, 4)), hex8($7), $8, $9, $10,
    $13, $14, $15, $16, $17
  next
}
/^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T/ {
  text = substr($1, 1, 19)
  gsub(/[-T:]/, " ", text)
  taken = mktime(text) "000"  # run with TZ=UTC
  next
}
/^[0-9]+$/ { taken = $1 "000" }

# A capture with `date -Is` (UTC) or epoch markers -> tab-separated rows for sqlite3's .import:
#   taken_ms family local_ip local_port remote_ip remote_port state direction is_local owner_class
#   tx_queue rx_queue timer timer_ticks retransmits uid probes inode rto ato quick_pingpong cwnd
#   ssthresh
# It does what an import must for the same answers: drops the kernel's repeated rows and tells, from
# the other rows of a dump, direction and local connections. Written for mawk, whose fields and arrays
# are the fastest of the awks; hex goes through a table of all 4-digit numbers, addresses through one
# of those that were seen.
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
  unspecified["0.0.0.0"]
  unspecified["0000:0000:0000:0000:0000:0000:0000:0000"]
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


# The rows of a dump, when all of them are known.
function flush(i, local, direction, mine, owner) {
  for (i = 1; i <= rows; ++i) {
    if (i in dropped) continue
    local = local_ip[i]
    if (code[i] == "0A") direction = "listen"
    else if (port[i] in open || (local " " port[i]) in listening) direction = "in"
    else direction = "out"
    mine = remote_ip[i] in locals ? 1 : 0
    if (inode[i] != 0) owner = "owned"
    else if (timer[i] == 3) owner = "timewait"
    else if (code[i] == "03") owner = "synrecv"
    else if (code[i] == "01" || code[i] == "08") owner = "unaccepted"
    else owner = "orphan"
    print taken, family, local, port[i], remote_ip[i], remote_port[i], state[code[i]], direction,
      mine, owner, rest[i]
  }
  rows = 0
  split("", dropped)
  split("", last)
  split("", open)
  split("", listening)
  split("", locals)
}

$1 ~ /:$/ {
  key = $2 " " $3 " " ($10 != 0 ? $10 : $12)
  if (key in last) dropped[last[key]]
  last[key] = ++rows
  local_ip[rows] = ip($2)
  port[rows] = hex[substr($2, length($2) - 3)]
  remote_ip[rows] = ip($3)
  remote_port[rows] = hex[substr($3, length($3) - 3)]
  code[rows] = $4
  inode[rows] = $10
  timer[rows] = byte[substr($6, 1, 2)]
  rest[rows] = hex8(substr($5, 1, 8)) "\t" hex8(substr($5, 10)) "\t" timer[rows] "\t" \
    hex8(substr($6, 4)) "\t" hex8($7) "\t" $8 "\t" $9 "\t" $10 "\t" \
    $13 "\t" $14 "\t" $15 "\t" $16 "\t" $17
  any = local_ip[rows] in unspecified
  if (!any) locals[local_ip[rows]]
  if ($4 == "0A" && any) open[port[rows]]
  else if ($4 == "0A") listening[local_ip[rows] " " port[rows]]
  next
}
$1 == "sl" {
  flush()
  family = /remote_address/ ? 6 : 4
  next
}
/^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T/ {
  flush()
  text = substr($1, 1, 19)
  gsub(/[-T:]/, " ", text)
  taken = mktime(text) "000"  # run with TZ=UTC
  next
}
/^[0-9]+$/ {
  flush()
  taken = $1 "000"
}
END { flush() }

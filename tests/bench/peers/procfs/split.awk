# Splits a capture into FOLDER/NUMBER/net/tcp and tcp6, one folder a snapshot, markers left out:
#   mawk -v folder=FOLDER -f split.awk CAPTURE
/^  sl/ {
  if (file) close(file)
  six = index($0, "remote_address")
  if (!six) {
    place = sprintf("%s/%06d/net", folder, ++snapshots)
    system("mkdir -p " place)
  }
  file = place (six ? "/tcp6" : "/tcp")
}
/^ *[0-9]+: / || /^  sl/ { print > file }

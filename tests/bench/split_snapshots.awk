# Splits a capture with `date -Is` markers into a file a snapshot, a thousand in a folder:
#   mawk -v folder=FOLDER -f split_snapshots.awk CAPTURE
/^[0-9][0-9][0-9][0-9]-/ {
  close(file)
  part = sprintf("%s/%03d", folder, int(count / 1000))
  if (count % 1000 == 0) system("mkdir -p '" part "'")
  file = sprintf("%s/%06d.log", part, count++)
}
{ print > file }

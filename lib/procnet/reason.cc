#include "procnet/reason.h"

#include <array>
#include <cstddef>

namespace tcpsnap::procnet {
namespace {

struct Entry {
  std::string_view name;
  std::string_view sentence;
};

// In the order of the enum.
constexpr std::array<Entry, static_cast<size_t>(Reason::kCount)> kEntries = {{
    {"none", "The line was taken."},
    {"not_a_row",
     "Not the beginning of a row: a wrapped or torn row, or text in between; record with `cat`, "
     "not "
     "through a mail or a terminal that wraps lines."},
    {"bad_slot", "A row starts with its number and a colon (`12:`); this one is damaged there."},
    {"bad_address",
     "An endpoint is 8 or 32 hex digits, a colon and 4 hex digits; this one is damaged."},
    {"mixed_families",
     "The local and the remote address differ in width: two rows ran into each other."},
    {"bad_state", "The state is none that the kernel prints (01 to 0B)."},
    {"bad_queue", "tx_queue:rx_queue is not 8 hex digits, a colon and 8 hex digits."},
    {"bad_timer", "tr:tm->when is not a timer 00 to 04, a colon and 8 to 16 hex digits."},
    {"bad_retransmits", "retrnsmt is not 8 hex digits."},
    {"bad_uid", "uid is no decimal number, or larger than a uid can be."},
    {"bad_probes", "timeout (probes) is no decimal number, or larger than the kernel prints."},
    {"bad_inode", "inode is no decimal number, or larger than 2^63 - 1."},
    {"bad_reference", "ref is no decimal number, or larger than 2^32 - 1."},
    {"bad_pointer", "The kernel pointer is neither 8 or 16 hex digits nor (ptrval)."},
    {"bad_tail", "One of rto, ato, quick/pingpong, cwnd, ssthresh is no number of its range."},
    {"cut_row",
     "The row has too few columns for its state: it was cut (full disk, head -c, a killed capture) "
     "or two of its columns ran together; what it held can't be told."},
    {"joined_row",
     "Something follows the last column that the header does not name: a line end was lost, and "
     "another row or a time ran into this one."},
    {"udp_row", "A row of a udp or raw table (state 07, 12 or 13 columns); only tcp is read."},
    {"foreign_family",
     "A row of the other family inside a dump: two dumps ran into each other; put a marker or the "
     "header between them."},
    {"line_too_long", "The line is longer than any row can be (64 KiB); its beginning is kept."},
    {"no_time",
     "Which moment the row belongs to can't be told: it stands before the first time of its file, "
     "below a time that can't be read (give --tz), or in a second table below one time (the marker "
     "between them is missing or of an unknown form; where one time stands above a whole loop, say "
     "its step with --interval)."},
    {"bad_json",
     "The line is no JSON, though it begins as such: it was cut or damaged; what it held can't be "
     "told."},
    {"lost_rows",
     "Rows or a header are missing above it: it is of another read of the table than what stands "
     "there, so how many sockets that read had can't be told."},
}};

}  // namespace

std::string_view ReasonName(Reason reason) noexcept {
  return kEntries[static_cast<size_t>(reason)].name;
}

std::string_view ReasonSentence(Reason reason) noexcept {
  return kEntries[static_cast<size_t>(reason)].sentence;
}

}  // namespace tcpsnap::procnet
